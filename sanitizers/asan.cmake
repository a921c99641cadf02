# Mode asan: AddressSanitizer, UndefinedBehaviorSanitizer and LeakSanitizer, every finding fatal.
# libstdc++'s own checks are on too: they do not change the layout of anything, so prebuilt
# libraries may stay as they are. LeakSanitizer does not work under ptrace (strace, gdb): there, run
# with ASAN_OPTIONS=detect_leaks=0.
# Of debug information the lines alone, for stacks: the rest takes a fifth of the compiling.
verbatim_mode(-fsanitize=address,undefined,leak -fno-sanitize-recover=all $<$<CXX_COMPILER_ID:Clang>:-gline-tables-only>)
target_compile_definitions(verbatim_sanitizer INTERFACE _GLIBCXX_ASSERTIONS)
set(verbatim_unoptimised -O0)
