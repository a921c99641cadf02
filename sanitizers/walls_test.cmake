# Tries walls.cmake on made-up trees: cmake -DDIR=... -P walls_test.cmake. One tree has every kind of
# broken wall, and each must be named with its file and line; the other is sound and must pass.
# DIR is written anew. Not for: the real sources (the ctest walls.includes).
cmake_minimum_required(VERSION 3.24)
file(REMOVE_RECURSE "${DIR}")
set(failures 0)

# write(FILE LINE...): a source of the tree `tree`, with a comment as its first line.
function(write file)
  list(JOIN ARGN "\n" text)
  file(WRITE "${DIR}/${tree}/${file}" "// A made-up file.\n${text}\n")
endfunction()

# Runs the walls over `tree`; sets status and text.
macro(run_walls)
  execute_process(COMMAND ${CMAKE_COMMAND} -DROOT=${DIR}/${tree}
    -P ${CMAKE_CURRENT_LIST_DIR}/walls.cmake
    RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
endmacro()

macro(failed)
  message("${ARGN}")
  math(EXPR failures "${failures} + 1")
endmacro()

set(tree sound)
write(core/a.h "#pragma once" "#include <string>" "#include \"absl/status/status.h\"")
file(WRITE "${DIR}/sound/core/a_test.cc" "// What breaks CMake's lists: [ ; \\\n"
  "#include \"core/a.h\"  // [ ; \\\n#include \"gtest/gtest.h\"\n")
write(core/a_properties.cc "#include <rapidcheck/gtest.h>" "#include \"core/a.h\"")
write(echo/b.cc "#include \"core/a.h\"" "#include \"echo/b.h\"")
write(properties/scenario/s.cc "#include \"core/a.h\"" "#include \"properties/scenario/s.h\"")
write(properties/stage/socket/t.cc "#include \"properties/judge/j.h\"" "#include \"echo/b.h\"")
write(properties/generate/g.h "#include <rapidcheck.h>" "#include \"properties/stage/s.h\"")
write(properties/cli/main.cc "#include \"CLI/CLI.hpp\"" "#include \"properties/report/r.h\"")
write(properties/implementations/i_test.cc "#include \"properties/cli/check.h\"")
write(properties/gtest/adapter.h "#include <gtest/gtest.h>" "#include \"properties/requirements/r.h\"")
write(fuzz/x_fuzzer.cc "#include \"properties/judge/j.h\"" "#include \"echo/b.h\""
  "#include \"fuzz/y.h\"")
run_walls()
if(NOT status EQUAL 0)
  failed("The sound tree must pass:\n${text}")
endif()

set(tree broken)
set(expected "")
# broken_by(FILE INCLUDE WALL): FILE has INCLUDE on line 3, and WALL must be named.
function(broken_by file include wall)
  write(${file} "" "${include}")
  list(APPEND expected "${file}:3: ${include}\n    ${wall}")
  set(expected "${expected}" PARENT_SCOPE)
endfunction()
file(WRITE "${DIR}/broken/core/odd.cc" "// Odd text must hide nothing: [ ; \\\n#include <string>  // [\n"
  "#include \"echo/b.h\"\n")
list(APPEND expected "core/odd.cc:3: #include \"echo/b.h\"\n    wall: core includes only core")
broken_by(core/to_echo.cc "#include \"echo/b.h\"" "wall: core includes only core")
broken_by(core/to_properties_test.cc "#include \"properties/judge/j.h\""
  "wall: core includes only core")
broken_by(core/gtest.h "#include <gtest/gtest.h>" "wall: core includes no gtest outside its tests")
broken_by(core/relative.cc "#include \"../echo/b.h\"" "wall: paths of includes begin")
broken_by(core/beside.cc "#  include \"a.h\"" "wall: paths of includes begin")
broken_by(echo/to_properties.cc "#include \"properties/scenario/s.h\""
  "wall: echo includes only core and echo")
broken_by(echo/to_fuzz.cc "#include <fuzz/x.h>" "wall: nobody includes fuzz")
broken_by(properties/cli/to_fuzz_test.cc "#include \"fuzz/x.h\"" "wall: nobody includes fuzz")
broken_by(properties/scenario/up.cc "#include \"properties/judge/j.h\""
  "wall: properties/scenario does not include properties/judge")
broken_by(properties/stage/socket/up_test.cc "#include \"properties/generate/g.h\""
  "wall: properties/stage does not include properties/generate")
broken_by(properties/report/up.h "#include \"properties/cli/c.h\""
  "wall: properties/report does not include properties/cli")
broken_by(properties/cli/aside.cc "#include \"properties/implementations/i.h\""
  "wall: properties/cli does not include properties/implementations")
broken_by(properties/cellar/lost.cc "#include \"properties/scenario/s.h\""
  "wall: properties/cellar has no place in the order")
broken_by(properties/scenario/rapid.h "#include \"rapidcheck/gen.h\""
  "wall: properties/scenario includes no rapidcheck outside its tests")
broken_by(properties/judge/rapid.cc "#include <rapidcheck.h>"
  "wall: properties/judge includes no rapidcheck outside its tests")
broken_by(properties/stage/simulated/google.cc "#include <gtest/gtest.h>"
  "wall: properties/stage includes no gtest outside its tests")
broken_by(properties/report/google.cc "#include <gmock/gmock.h>"
  "wall: properties/report includes no gmock outside its tests")
foreach(unseen generate requirements cli)
  broken_by(fuzz/to_${unseen}.cc "#include \"properties/${unseen}/u.h\""
    "wall: fuzz does not include properties/${unseen}")
endforeach()
broken_by(fuzz/rapid_fuzzer.cc "#include <rapidcheck.h>"
  "wall: fuzz includes no rapidcheck outside its tests")
broken_by(echo/nap_sleep.cc "(void)sleep(5)" "style: no TODO, no disabled test, no sleep")
broken_by(echo/later.cc "// TODO(me): later" "style: no TODO")
broken_by(echo/nap.cc "std::this_thread::sleep_for(second)" "style: no TODO, no disabled test, no sleep")
broken_by(echo/nap_usleep.cc "usleep(5)" "style: no TODO, no disabled test, no sleep")
file(WRITE "${DIR}/broken/core/mute.h" "#pragma once\n")
list(APPEND expected "core/mute.h:1: #pragma once\n    style: a file opens with a comment")
run_walls()
if(status EQUAL 0)
  failed("The broken tree must fail.")
endif()
foreach(message IN LISTS expected)
  string(FIND "${text}" "${message}" at)
  if(at EQUAL -1)
    failed("Not named: ${message}")
  endif()
endforeach()
list(LENGTH expected count)
if(NOT text MATCHES "${count} broken in ${count} files")
  failed("${count} broken walls, each in a file of its own, were to be counted:\n${text}")
endif()

set(tree empty)
file(MAKE_DIRECTORY "${DIR}/empty/core")
run_walls()
if(status EQUAL 0)
  failed("A tree without sources must fail, or a wrong path would pass.")
endif()

if(failures)
  message(FATAL_ERROR "${failures} failures")
endif()
message("each of ${count} broken walls was named")
