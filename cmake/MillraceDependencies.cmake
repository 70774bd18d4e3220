# Third-party libraries. A missing one is named with the Debian package that
# has it, all of them at once.

set(_missing "")

find_package(PkgConfig)
if(NOT PkgConfig_FOUND)
  message(FATAL_ERROR "pkg-config is missing: apt-get install pkg-config")
endif()

# millrace_pkg(<target prefix> <pkg-config module> <Debian package>)
macro(millrace_pkg prefix module package)
  pkg_check_modules(${prefix} QUIET IMPORTED_TARGET ${module})
  if(NOT ${prefix}_FOUND)
    list(APPEND _missing "  ${module}: apt-get install ${package}")
  endif()
endmacro()

# millrace_package(<CMake package> <Debian package>)
macro(millrace_package name package)
  find_package(${name} QUIET ${ARGN})
  if(NOT ${name}_FOUND)
    list(APPEND _missing "  ${name}: apt-get install ${package}")
  endif()
endmacro()

millrace_package(Threads libc6-dev)
millrace_package(absl libabsl-dev)
millrace_package(Protobuf libprotobuf-dev)
millrace_package(GTest libgtest-dev)
millrace_package(benchmark libbenchmark-dev)
millrace_package(OpenSSL libssl-dev)
millrace_package(ZLIB zlib1g-dev)
millrace_package(Boost libboost1.81-dev 1.81)
millrace_package(prometheus-cpp prometheus-cpp-dev)
millrace_package(spdlog libspdlog-dev)
millrace_package(yaml-cpp libyaml-cpp-dev)
millrace_package(CLI11 libcli11-dev)
millrace_pkg(UV libuv libuv1-dev)
millrace_pkg(GRPCPP grpc++ libgrpc++-dev)
millrace_pkg(RDKAFKA rdkafka librdkafka-dev)
millrace_pkg(SQLITE sqlite3 libsqlite3-dev)
millrace_pkg(SODIUM libsodium libsodium-dev)
millrace_pkg(RE2 re2 libre2-dev)

find_path(SOCI_INCLUDE_DIR soci/soci.h)
find_library(SOCI_CORE_LIBRARY soci_core)
find_library(SOCI_SQLITE_LIBRARY soci_sqlite3)
find_library(SOCI_POSTGRESQL_LIBRARY soci_postgresql)
if(NOT SOCI_INCLUDE_DIR OR NOT SOCI_CORE_LIBRARY OR NOT SOCI_SQLITE_LIBRARY
   OR NOT SOCI_POSTGRESQL_LIBRARY)
  list(APPEND _missing "  SOCI: apt-get install libsoci-dev")
endif()

find_library(PROTOC_LIBRARY protoc)
if(NOT PROTOC_LIBRARY)
  list(APPEND _missing "  libprotoc: apt-get install libprotoc-dev")
endif()
find_program(PROTOC_PROGRAM protoc)
if(NOT PROTOC_PROGRAM)
  list(APPEND _missing "  protoc: apt-get install protobuf-compiler")
endif()
find_path(PQ_INCLUDE_DIR libpq-fe.h PATH_SUFFIXES postgresql)
if(NOT PQ_INCLUDE_DIR)
  list(APPEND _missing "  libpq: apt-get install libpq-dev")
endif()
find_library(JEMALLOC_LIBRARY jemalloc)
find_path(JEMALLOC_INCLUDE_DIR jemalloc/jemalloc.h)
if(NOT JEMALLOC_LIBRARY OR NOT JEMALLOC_INCLUDE_DIR)
  list(APPEND _missing "  jemalloc: apt-get install libjemalloc-dev")
endif()

if(_missing)
  list(JOIN _missing "\n" _missing)
  message(FATAL_ERROR "These libraries are missing:\n${_missing}\n"
                      "Or let 'tools/dev setup' install all of them.")
endif()

# One target for the Abseil pieces that every module may use.
add_library(millrace_absl INTERFACE)
target_link_libraries(millrace_absl INTERFACE
  absl::status absl::statusor absl::strings absl::str_format absl::time
  absl::any_invocable absl::function_ref absl::flat_hash_map
  absl::flat_hash_set absl::span absl::cord absl::optional)

# What programs allocate memory by. Sanitizers bring their own.
add_library(millrace_allocator INTERFACE)
if(NOT MILLRACE_SANITIZER)
  target_include_directories(millrace_allocator SYSTEM INTERFACE
                             ${JEMALLOC_INCLUDE_DIR})
  target_link_libraries(millrace_allocator INTERFACE ${JEMALLOC_LIBRARY})
  target_compile_definitions(millrace_allocator INTERFACE MILLRACE_JEMALLOC)
endif()
