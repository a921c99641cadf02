# Chooses the build mode: defines `verbatim_sanitizer`, the interface library that every target of
# ours links. VERBATIM_SANITIZER names one file of this folder; empty means none.
# Not for: flags themselves; each mode's file has its own.
add_library(verbatim_sanitizer INTERFACE)

set(verbatim_modes asan tsan fuzz coverage)

# What a target is compiled with that is not OPTIMISED (verbatim_library): most of a sanitized build's time went into
# optimising tests and command lines. A sanitizer sees no less without.
set(verbatim_unoptimised "")

# verbatim_mode(FLAG...): what the chosen mode compiles and links with. The run-time options of
# options.cc go into each program (not into libraries), so that they hold when a program is run by
# hand. They are objects, since a linker takes nothing out of an archive to replace a weak symbol.
function(verbatim_mode)
  target_compile_options(verbatim_sanitizer INTERFACE ${ARGN} -fno-omit-frame-pointer)
  target_link_options(verbatim_sanitizer INTERFACE ${ARGN})
  add_library(verbatim_sanitizer_options OBJECT ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/options.cc)
  target_sources(verbatim_sanitizer INTERFACE
    $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:$<TARGET_OBJECTS:verbatim_sanitizer_options>>)
endfunction()

if(VERBATIM_SANITIZER)
  if(NOT VERBATIM_SANITIZER IN_LIST verbatim_modes)
    list(JOIN verbatim_modes ", " modes)
    message(FATAL_ERROR "VERBATIM_SANITIZER is '${VERBATIM_SANITIZER}'; "
      "the modes are ${modes}, or empty for none.")
  endif()
  include(${CMAKE_CURRENT_LIST_DIR}/${VERBATIM_SANITIZER}.cmake)
endif()

# verbatim_not_under_test(source...): what only plays against the code under test. In mode fuzz it
# counts its branches, but not its comparisons: they are a third of the time, and what libFuzzer
# learns from them is about the simulator.
function(verbatim_not_under_test)
  if(VERBATIM_SANITIZER STREQUAL "fuzz")
    set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS "-fno-sanitize-coverage=trace-cmp")
  endif()
endfunction()
