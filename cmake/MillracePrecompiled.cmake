# Precompiled headers: what most files include of the standard library, Abseil,
# Protobuf and GoogleTest. They take a third off a build; a header of the house
# is never among them, so that none of them changes in the course of work.
#
# GCC only. A file must still include what it uses: clang's builds and
# `tools/dev headers` have no precompiled headers, and find what is missing.
option(MILLRACE_PRECOMPILED_HEADERS "Precompile the headers of libraries" ON)

set(_millrace_standard_headers
  <algorithm> <array> <atomic> <charconv> <chrono> <coroutine> <cstdint>
  <deque> <exception> <filesystem> <fstream> <functional> <map> <memory> <mutex>
  <optional> <random> <set> <source_location> <sstream> <string> <string_view>
  <thread> <unordered_map> <utility> <variant> <vector>
  <absl/container/flat_hash_map.h> <absl/container/flat_hash_set.h>
  <absl/functional/any_invocable.h> <absl/status/status.h>
  <absl/status/statusor.h> <absl/strings/str_cat.h> <absl/strings/str_format.h>
  <absl/strings/str_join.h> <absl/strings/str_split.h> <absl/time/time.h>
  <absl/types/span.h>)
set(_millrace_protobuf_headers
  <google/protobuf/any.pb.h> <google/protobuf/descriptor.pb.h>
  <google/protobuf/field_mask.pb.h>
  <google/protobuf/generated_message_reflection.h>
  <google/protobuf/map_field_inl.h> <google/protobuf/message.h>
  <google/protobuf/struct.pb.h> <google/protobuf/timestamp.pb.h>)

# The target millrace_precompiled_<name>, compiled with <option>... too.
function(_millrace_precompiled name headers)
  set(target millrace_precompiled_${name})
  file(WRITE ${CMAKE_BINARY_DIR}/precompiled/${name}.cc "")
  add_library(${target} OBJECT ${CMAKE_BINARY_DIR}/precompiled/${name}.cc)
  target_precompile_headers(${target} PRIVATE ${headers})
  target_compile_options(${target} PRIVATE -fpch-preprocess ${ARGN})
  if(CCACHE_PROGRAM)
    set_target_properties(${target} PROPERTIES
      CXX_COMPILER_LAUNCHER ${PROJECT_SOURCE_DIR}/cmake/precompile)
  endif()
endfunction()

# The first of these modules know nothing of Protobuf.
set(_millrace_plain_folders base digest loop events)

function(_millrace_use_precompiled target)
  get_target_property(type ${target} TYPE)
  get_target_property(sources ${target} SOURCES)
  if(target MATCHES "^millrace_precompiled_"
     OR NOT type MATCHES "STATIC|OBJECT|EXECUTABLE" OR NOT sources MATCHES "[.]cc")
    return()
  endif()
  get_target_property(libraries ${target} LINK_LIBRARIES)
  get_target_property(folder ${target} SOURCE_DIR)
  cmake_path(GET folder FILENAME module)
  if(type STREQUAL "EXECUTABLE" AND libraries MATCHES "GTest::gmock")
    set(kind test)
  elseif(folder STREQUAL "${PROJECT_SOURCE_DIR}/libs/${module}"
         AND module IN_LIST _millrace_plain_folders)
    set(kind standard)
  else()
    set(kind contract)
  endif()
  target_precompile_headers(${target} REUSE_FROM millrace_precompiled_${kind})
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
endfunction()

function(_millrace_precompile_folder folder)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    _millrace_use_precompiled(${target})
  endforeach()
  get_property(folders DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  foreach(below IN LISTS folders)
    _millrace_precompile_folder(${below})
  endforeach()
endfunction()

# Gives every target of this tree the precompiled headers that it can use.
# Called last: it looks at all targets.
function(millrace_precompile_headers)
  if(NOT MILLRACE_PRECOMPILED_HEADERS
     OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    return()
  endif()
  _millrace_precompiled(standard "${_millrace_standard_headers}")
  _millrace_precompiled(contract
    "${_millrace_standard_headers};${_millrace_protobuf_headers}")
  # Compiled as tests are (MillraceModule.cmake).
  _millrace_precompiled(test
    "${_millrace_standard_headers};${_millrace_protobuf_headers};<gtest/gtest.h>;<gmock/gmock.h>"
    $<$<CONFIG:Release>:-O1>)
  target_link_libraries(millrace_precompiled_test PRIVATE GTest::gmock)
  _millrace_precompile_folder(${PROJECT_SOURCE_DIR})
endfunction()
