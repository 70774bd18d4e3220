# Compiler options, sanitizers and ccache.

set(MILLRACE_SANITIZER "" CACHE STRING
    "Sanitizers to build with, as -fsanitize takes them; empty for none")
option(MILLRACE_FUZZ "Build the fuzzers, which need clang" OFF)

add_compile_options(-Wall -Wextra -Wno-missing-field-initializers
                    -fno-omit-frame-pointer)
# GCC 12 reports false positives for these in optimized coroutine frames and in
# std::string's small buffer.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized -Wno-array-bounds
                      -Wno-stringop-overflow -Wno-stringop-overread)
endif()

# Words that were stored one by one a moment ago must be loaded one by one: a
# vector load waits until all of them have left the store buffer. Loops are
# still vectorized.
add_compile_options(-fno-tree-slp-vectorize)

if(MILLRACE_SANITIZER)
  add_compile_options(-fsanitize=${MILLRACE_SANITIZER} -g1 -O1)
  add_link_options(-fsanitize=${MILLRACE_SANITIZER})
  add_compile_definitions(MILLRACE_SANITIZED)
  # What a promise shares with its coroutine lies before the frame, in one block
  # (loop/promise_await.h): past the beginning of the object that clang knows.
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    add_compile_options(-fno-sanitize=object-size)
  endif()
  if(MILLRACE_SANITIZER MATCHES "thread")
    # Protobuf's maps have two more members where they are compiled for the
    # thread sanitizer, and the libraries of the system are not. The standard
    # library must still know.
    add_compile_options(-U__SANITIZE_THREAD__ -D_GLIBCXX_TSAN=1)
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_options(-g1)
endif()

# ccache goes by what precompiled headers were made from (cmake/precompile).
find_program(CCACHE_PROGRAM ccache)
find_program(ENV_PROGRAM env REQUIRED)
if(CCACHE_PROGRAM)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${ENV_PROGRAM}
      CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_PCH_EXTSUM=1
      ${CCACHE_PROGRAM})
endif()

find_program(LLD_PROGRAM ld.lld)
if(LLD_PROGRAM)
  add_link_options(-fuse-ld=lld)
endif()
