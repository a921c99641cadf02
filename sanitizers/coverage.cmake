# Mode coverage: what of the sources a run reaches, by line and branch (clang's source-based
# coverage). It finds no bugs; fuzz/coverage reads what it writes.
if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "VERBATIM_SANITIZER=coverage needs clang, and the compiler is "
    "${CMAKE_CXX_COMPILER} (${CMAKE_CXX_COMPILER_ID}). Configure with CXX=clang++ in a fresh "
    "build directory.")
endif()
verbatim_mode(-fprofile-instr-generate -fcoverage-mapping)
