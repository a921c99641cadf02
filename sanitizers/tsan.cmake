# Mode tsan: ThreadSanitizer, the first race is fatal.
# Prebuilt libraries are not instrumented: what they synchronise by atomics of their own (absl::Mutex)
# looks like a race. Use std::mutex, or build them in this mode as well.
verbatim_mode(-fsanitize=thread $<$<CXX_COMPILER_ID:Clang>:-gline-tables-only>)
set(verbatim_unoptimised -O0)
