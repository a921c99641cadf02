# Reads every #include of the house and fails where a wall is broken, with file, line, what and
# which wall: cmake -DROOT=... -P walls.cmake. The walls are those of the design:
#   core sees core; echo sees core and echo; a folder of properties sees core, echo and the folders
#   up to its own; fuzz sees all but what needs RapidCheck or GoogleTest; nobody sees fuzz.
# And a few rules of style that cost nothing to check here.
# A script of CMake's, since a user's machine has that for certain. Not for: formatting (./dev format).
cmake_minimum_required(VERSION 3.24)

# The folders of properties, from the ground up: a folder sees those before it.
set(order scenario judge stage generate requirements mutants report cli)
# These stand beside the order and may see all of properties.
set(free implementations gtest)
# Linked by fuzz, in places that have neither RapidCheck nor GoogleTest.
set(plain scenario judge stage report)
# What fuzz does not see.
set(fuzz_unseen generate requirements cli)

set(broken 0)

# Says that `wall` is broken by `text`, which stands in `file`; finds the line.
function(broken_wall file text wall)
  string(FIND "${content}" "${text}" at)
  string(SUBSTRING "${content}" 0 ${at} before)
  string(REGEX MATCHALL "\n" newlines "${before}")
  list(LENGTH newlines line)
  string(STRIP "${text}" shown)
  # Content and text both begin with a newline, so that line 1 has none before it.
  math(EXPR line "${line} + 1")
  message("${file}:${line}: ${shown}\n    ${wall}")
  math(EXPR count "${broken} + 1")
  set(broken ${count} PARENT_SCOPE)
endfunction()

# Sets `out` to the wall that an include of `seen` ("core/address.h") from `file` breaks, or to "".
function(project_wall file seen out)
  string(REGEX MATCH "^[^/]*" room "${file}")
  string(REGEX MATCH "^[^/]*" seen_room "${seen}")
  set(${out} "" PARENT_SCOPE)
  if(seen_room STREQUAL "fuzz" AND NOT room STREQUAL "fuzz")
    set(${out} "wall: nobody includes fuzz" PARENT_SCOPE)
  elseif(room STREQUAL "core" AND NOT seen_room STREQUAL "core")
    set(${out} "wall: core includes only core" PARENT_SCOPE)
  elseif(room STREQUAL "echo" AND NOT seen_room MATCHES "^(core|echo)$")
    set(${out} "wall: echo includes only core and echo" PARENT_SCOPE)
  elseif(seen_room STREQUAL "properties")
    string(REGEX REPLACE "^properties/([^/]*).*" "\\1" seen_folder "${seen}")
    if(room STREQUAL "fuzz" AND seen_folder IN_LIST fuzz_unseen)
      set(${out} "wall: fuzz does not include properties/${seen_folder}" PARENT_SCOPE)
    elseif(room STREQUAL "properties")
      string(REGEX REPLACE "^properties/([^/]*).*" "\\1" folder "${file}")
      list(FIND order "${folder}" own)
      list(FIND order "${seen_folder}" other)
      list(JOIN order ", " names)
      if(folder IN_LIST free)
        return()
      elseif(own EQUAL -1)
        set(${out} "wall: properties/${folder} has no place in the order ${names} (walls.cmake)"
          PARENT_SCOPE)
      elseif(other EQUAL -1 OR other GREATER own)
        set(${out} "wall: properties/${folder} does not include properties/${seen_folder}; \
the order is ${names}" PARENT_SCOPE)
      endif()
    endif()
  endif()
endfunction()

# Sets `out` to the wall that an include of RapidCheck or GoogleTest from `file` breaks, or to "".
# A test sees what it needs.
function(library_wall file seen out)
  set(${out} "" PARENT_SCOPE)
  if(NOT seen MATCHES "^(rapidcheck|gtest|gmock)[./]" OR file MATCHES "_(test|properties)\\.(cc|h)$")
    return()
  endif()
  string(REGEX REPLACE "[./].*" "" library "${seen}")
  string(REGEX MATCH "^(properties/[^/]*|[^/]+)" place "${file}")
  string(REPLACE "properties/" "" folder "${place}")
  if(place MATCHES "^(core|echo|fuzz)$" OR folder IN_LIST plain)
    set(${out} "wall: ${place} includes no ${library} outside its tests" PARENT_SCOPE)
  endif()
endfunction()

# Looks at each #include of `file`, whose text is in `content`.
macro(check_includes file)
  string(REGEX MATCHALL "\n[ \t]*#[ \t]*include[ \t]*[\"<][^\n]*" includes "${content}")
  foreach(include IN LISTS includes)
    string(REGEX MATCH "[\"<]([^\">]*)" _ "${include}")
    set(seen "${CMAKE_MATCH_1}")
    if(seen MATCHES "(^|/)\\.\\.?/" OR (include MATCHES "\"" AND NOT seen MATCHES "/"))
      set(wall "wall: paths of includes begin at the project root (\"core/address.h\")")
    elseif(seen MATCHES "^(core|echo|properties|fuzz)/")
      project_wall("${file}" "${seen}" wall)
    else()
      library_wall("${file}" "${seen}" wall)
    endif()
    if(wall)
      broken_wall("${file}" "${include}" "${wall}")
    endif()
  endforeach()
endmacro()

# The rules of style that a regular expression can see.
macro(check_style file)
  if(NOT content MATCHES "^\n(//|/\\*)")
    string(REGEX MATCH "^\n[^\n]*" first "${content}")
    broken_wall("${file}" "${first}" "style: a file opens with a comment that says what it is for")
  endif()
  set(sleep "SleepFor|sleep_for|sleep_until|usleep *\\(|nanosleep *\\(|[^.a-zA-Z0-9_]sleep\\(")
  string(REGEX MATCHALL "\n[^\n]*(TODO|DISABLED_|${sleep})[^\n]*" lines "${content}")
  foreach(line IN LISTS lines)
    broken_wall("${file}" "${line}" "style: no TODO, no disabled test, no sleep")
  endforeach()
endmacro()

if(NOT IS_DIRECTORY "${ROOT}")
  message(FATAL_ERROR "walls.cmake: -DROOT=${ROOT} is not a directory")
endif()
set(files "")
foreach(room core echo properties fuzz sanitizers)
  file(GLOB_RECURSE found RELATIVE "${ROOT}" "${ROOT}/${room}/*.h" "${ROOT}/${room}/*.cc")
  list(APPEND files ${found})
endforeach()
foreach(file IN LISTS files)
  file(READ "${ROOT}/${file}" content)
  # CMake's lists break at these; no include needs them.
  string(REGEX REPLACE "[][;\\]" " " content "\n${content}")
  check_includes("${file}")
  check_style("${file}")
endforeach()

list(LENGTH files count)
if(count EQUAL 0)
  message(FATAL_ERROR "walls.cmake: no sources under ${ROOT}")
elseif(broken)
  message(FATAL_ERROR "${broken} broken in ${count} files")
endif()
message("${count} files, every wall stands")
