// The sanitizers' run-time options, compiled into each program, so that they hold for a run by hand
// and for a child of a test just as under ctest. ASAN_OPTIONS, UBSAN_OPTIONS, LSAN_OPTIONS and
// TSAN_OPTIONS in the environment still win.
// Not for: flags of the compiler (each mode's file) or libFuzzer's own options.
//
// exitcode=99: the default, 1, is also what `verbatim` says when a requirement does not hold, and a
// test that waits for that must not be pleased by a memory error. 99 is nobody else's.
// handle_abort=1: a harness that calls abort() shows its stack.
// allow_addr2line=1: lines in stacks where llvm-symbolizer is not installed (binutils always is).
// quarantine_size_mb=10, in mode fuzz alone, as OSS-Fuzz has it: what an input frees is kept from
// reuse for many inputs more. The default of 256 has each allocation on a fresh page, and costs
// half or more of all executions.

#ifdef VERBATIM_FUZZING
#define VERBATIM_QUARANTINE "quarantine_size_mb=10:"
#else
#define VERBATIM_QUARANTINE
#endif

extern "C" {

// The runtimes look these up by name before main, and keep the pointers.
// With clang, LSan and UBSan are parts of the ASan runtime and share its common flags; with gcc,
// UBSan is a library with flags of its own.
__attribute__((visibility("default"), used)) const char* __asan_default_options() {
  return VERBATIM_QUARANTINE
      "exitcode=99:handle_abort=1:allow_addr2line=1:"
      "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1:"
      "check_initialization_order=1:strict_init_order=1";
}

__attribute__((visibility("default"), used)) const char* __ubsan_default_options() {
  return "exitcode=99:allow_addr2line=1:print_stacktrace=1:halt_on_error=1";
}

__attribute__((visibility("default"), used)) const char* __lsan_default_options() {
  return "exitcode=99";
}

__attribute__((visibility("default"), used)) const char* __tsan_default_options() {
  return "exitcode=99:handle_abort=1:allow_addr2line=1:halt_on_error=1:second_deadlock_stack=1";
}

}  // extern "C"
