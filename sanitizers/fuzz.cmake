# Mode fuzz: what asan has, and the coverage counters that libFuzzer reads, in every library of ours.
# Only the harnesses link libFuzzer itself (-fsanitize=fuzzer, in fuzz/). clang only.
if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "VERBATIM_SANITIZER=fuzz needs clang, and the compiler is "
    "${CMAKE_CXX_COMPILER} (${CMAKE_CXX_COMPILER_ID}). Configure with CXX=clang++ in a fresh "
    "build directory.")
endif()
verbatim_mode(-fsanitize=address,undefined,leak,fuzzer-no-link -fno-sanitize-recover=all)
target_compile_definitions(verbatim_sanitizer INTERFACE _GLIBCXX_ASSERTIONS)
target_compile_definitions(verbatim_sanitizer_options PRIVATE VERBATIM_FUZZING)
