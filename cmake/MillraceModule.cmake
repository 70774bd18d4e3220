# One target for the Abseil pieces that every module may use, and for the
# standard that their headers are written in. An installed platform has it
# already, as millrace::absl.
if(NOT TARGET millrace_absl AND NOT TARGET millrace::absl)
  add_library(millrace_absl INTERFACE)
  add_library(millrace::absl ALIAS millrace_absl)
  target_compile_features(millrace_absl INTERFACE cxx_std_20)
  target_link_libraries(millrace_absl INTERFACE
    absl::status absl::statusor absl::strings absl::str_format absl::time
    absl::any_invocable absl::function_ref absl::flat_hash_map
    absl::flat_hash_set absl::span absl::cord absl::optional)
endif()

# What programs allocate memory by. Sanitizers bring their own.
if(NOT TARGET millrace_allocator AND NOT TARGET millrace::allocator)
  add_library(millrace_allocator INTERFACE)
  if(NOT MILLRACE_SANITIZER)
    target_link_libraries(millrace_allocator INTERFACE ${JEMALLOC_LIBRARY})
    target_compile_definitions(millrace_allocator INTERFACE MILLRACE_JEMALLOC)
  endif()
endif()

# millrace_module(<name> LAYER <n>
#   HEADERS <h>... [SOURCES <cc>...]
#   [PUBLIC <target>...] [PRIVATE <target>...])
#
# A library of the house, `millrace::<name>`. It may depend only on modules of
# a lower layer: siblings and higher ones are refused here, at configure time.
# Third-party libraries belong under PRIVATE, unless their types stand in the
# module's headers.
function(millrace_module name)
  cmake_parse_arguments(ARG "" "LAYER" "HEADERS;SOURCES;PUBLIC;PRIVATE" ${ARGN})
  set(target millrace_${name})
  if(ARG_SOURCES)
    add_library(${target} STATIC ${ARG_SOURCES})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(millrace::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES MILLRACE_LAYER ${ARG_LAYER})
  target_include_directories(${target} ${scope} ${PROJECT_SOURCE_DIR}/libs
                             ${PROJECT_SOURCE_DIR})
  target_sources(${target} ${scope} FILE_SET HEADERS
                 BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${ARG_HEADERS})
  target_link_libraries(${target} ${scope} millrace::absl ${ARG_PUBLIC})
  if(ARG_PRIVATE)
    target_link_libraries(${target} PRIVATE ${ARG_PRIVATE})
  endif()
  foreach(dependency IN LISTS ARG_PUBLIC ARG_PRIVATE)
    if(dependency MATCHES "^millrace::")
      get_target_property(real ${dependency} ALIASED_TARGET)
      if(NOT real)  # of an installed platform
        set(real ${dependency})
      endif()
      get_target_property(layer ${real} MILLRACE_LAYER)
      if(NOT layer STREQUAL "layer-NOTFOUND" AND NOT layer LESS ARG_LAYER)
        message(FATAL_ERROR
          "${name} (layer ${ARG_LAYER}) may not depend on ${dependency} "
          "(layer ${layer}): a module uses only lower layers.")
      endif()
    endif()
  endforeach()
endfunction()

# millrace_test(<name> LABELS <label>... SOURCES <cc>... [DEPS <target>...]
#               [ARGS <arg>...] [TIMEOUT <seconds>] [WHOLE])
#
# A GoogleTest program. Labels: unit, kafka, postgres, e2e. Each case is one
# test of ctest, so that a skipped case is named; WHOLE makes the program one
# test instead, for suites that share a server, and its main must return 77
# when it had to skip (tests/support/whole_main.cc does).
include(GoogleTest)
# Builds every test of the label unit, and nothing else.
add_custom_target(unit_tests)
function(millrace_test name)
  cmake_parse_arguments(ARG "WHOLE" "TIMEOUT" "LABELS;SOURCES;DEPS;ARGS" ${ARGN})
  if(ARG_WHOLE)
    add_executable(${name} ${ARG_SOURCES}
                   ${PROJECT_SOURCE_DIR}/tests/support/whole_main.cc)
    target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock)
  else()
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock_main)
  endif()
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/libs
                             ${PROJECT_SOURCE_DIR})
  # Halves the time that they take to compile; what they test keeps -O3.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  if("unit" IN_LIST ARG_LABELS)
    add_dependencies(unit_tests ${name})
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  if(ARG_WHOLE)
    add_test(NAME ${name} COMMAND ${name} ${ARG_ARGS}
             WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}"
      TIMEOUT ${ARG_TIMEOUT} SKIP_RETURN_CODE 77)
  else()
    gtest_discover_tests(${name} EXTRA_ARGS ${ARG_ARGS}
      WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} DISCOVERY_MODE PRE_TEST
      DISCOVERY_TIMEOUT 30
      PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
  endif()
endfunction()
