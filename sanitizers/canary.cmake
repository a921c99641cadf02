# Runs one canary: cmake -DPROGRAM=... -DREPORT=REGEX -P canary.cmake
# Passes iff the program is silent without its bug, and with it ends with our exit code (99, see
# options.cc) and the sanitizer's report names the bug. Not for: choosing canaries (CMakeLists.txt).
function(show text)
  string(REPLACE "\n" "\n  | " text "\n${text}")
  message("${text}")
endfunction()

execute_process(COMMAND ${PROGRAM} RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
if(text MATCHES "LeakSanitizer (has encountered a fatal error|does not work under ptrace)")
  show("${text}")
  message(FATAL_ERROR "LeakSanitizer does not work under ptrace, and this process is traced "
    "(strace, gdb, a sandbox) or may not trace its own threads (a container without SYS_PTRACE). "
    "Nothing is wrong with the canary: run the tests untraced, or set "
    "ASAN_OPTIONS=detect_leaks=0 and do without leaks (canary.leak then fails, rightly).")
endif()
if(NOT status EQUAL 0)
  show("${text}")
  message(FATAL_ERROR "Without its bug the canary must end with 0; it ended with: ${status}")
endif()

execute_process(COMMAND ${PROGRAM} bug
  RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
show("${text}")
if(NOT text MATCHES "${REPORT}")
  message(FATAL_ERROR "The bug was not caught: no report matches '${REPORT}' (status: ${status}).")
endif()
if(NOT status STREQUAL "99")
  message(FATAL_ERROR "The bug was reported, but the program ended with: ${status} (must be 99).")
endif()
message("caught: ${CMAKE_MATCH_0}")
