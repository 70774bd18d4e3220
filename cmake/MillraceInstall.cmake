# What a project outside of this tree builds a service with, by
#
#   find_package(Millrace)
#
# from the build tree (CMAKE_PREFIX_PATH=build/release) or from where
# `cmake --install build/release --prefix DIR` has put it: the libraries that a
# service links, the contract compiler, the contracts, and the functions of this
# folder. Included last: it looks at all targets.
include(CMakePackageConfigHelpers)

# Sets <out> to <target>... and all targets of this tree that they link.
function(_millrace_closure out)
  set(found "")
  set(waiting ${ARGN})
  while(waiting)
    list(POP_FRONT waiting target)
    # Of a static library also what it links PRIVATE.
    string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" target "${target}")
    if(NOT TARGET ${target})
      continue()
    endif()
    get_target_property(real ${target} ALIASED_TARGET)
    if(real)
      set(target ${real})
    endif()
    get_target_property(imported ${target} IMPORTED)
    if(imported OR target IN_LIST found)
      continue()
    endif()
    list(APPEND found ${target})
    foreach(property IN ITEMS LINK_LIBRARIES INTERFACE_LINK_LIBRARIES)
      get_target_property(linked ${target} ${property})
      if(linked)
        list(APPEND waiting ${linked})
      endif()
    endforeach()
  endwhile()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

# Headers are elsewhere once they are installed.
function(_millrace_relocatable target)
  foreach(property IN ITEMS INTERFACE_INCLUDE_DIRECTORIES
                            INTERFACE_SYSTEM_INCLUDE_DIRECTORIES)
    get_target_property(dirs ${target} ${property})
    if(NOT dirs)
      continue()
    endif()
    set(here "")
    foreach(dir IN LISTS dirs)
      if(IS_ABSOLUTE "${dir}")
        set(dir "$<BUILD_INTERFACE:${dir}>")
      endif()
      list(APPEND here "${dir}")
    endforeach()
    set_target_properties(${target} PROPERTIES ${property} "${here}")
  endforeach()
  target_include_directories(${target} INTERFACE
    $<INSTALL_INTERFACE:include/millrace/libs>
    $<INSTALL_INTERFACE:include/millrace/gen>
    $<INSTALL_INTERFACE:include/millrace>)
endfunction()

_millrace_closure(sdk millrace_runtime millrace_events millrace_users_service
  millrace_admin_service millrace_templates_service)
foreach(target IN LISTS sdk)
  string(REGEX REPLACE "^millrace_" "" name ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  get_target_property(layer ${target} MILLRACE_LAYER)
  if(layer)
    set_property(TARGET ${target} APPEND
                 PROPERTY EXPORT_PROPERTIES MILLRACE_LAYER)
  endif()
  _millrace_relocatable(${target})
endforeach()

# Builds what is installed, and nothing else.
add_custom_target(sdk DEPENDS ${sdk} protoc-gen-millrace millrace)

install(TARGETS ${sdk} protoc-gen-millrace EXPORT MillraceTargets
  ARCHIVE DESTINATION lib/millrace RUNTIME DESTINATION bin
  FILE_SET HEADERS DESTINATION include/millrace)
install(TARGETS millrace RUNTIME DESTINATION bin)
install(DIRECTORY libs DESTINATION include/millrace
  FILES_MATCHING PATTERN "*.h" PATTERN testdata EXCLUDE)
# tests/support/x.h is included by that name.
install(FILES tests/support/database_backend.h tests/support/service_test.h
        DESTINATION include/millrace/tests/support)
install(DIRECTORY ${MILLRACE_GEN_DIR}/ DESTINATION include/millrace/gen
  FILES_MATCHING PATTERN "*.h" PATTERN golden EXCLUDE PATTERN rich EXCLUDE)
install(DIRECTORY proto/ ${MILLRACE_DERIVED_DIR}/
  DESTINATION share/millrace/proto FILES_MATCHING PATTERN "*.proto")
install(FILES libs/runtime/config.proto
        DESTINATION share/millrace/config/runtime)

# The package's own files, once for each of the two places.
set(functions EmbedMigrations MillraceContract MillraceDependencies
    MillraceMigrations MillraceModule)
list(TRANSFORM functions APPEND .cmake)
list(TRANSFORM functions PREPEND ${PROJECT_SOURCE_DIR}/cmake/
     OUTPUT_VARIABLE function_files)
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/lib/cmake/Millrace/MillraceConfigVersion.cmake
  VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)

set(MILLRACE_PACKAGE_FUNCTIONS ${PROJECT_SOURCE_DIR}/cmake)
set(MILLRACE_PACKAGE_PROTOS ${PROJECT_SOURCE_DIR}/proto
    ${MILLRACE_DERIVED_DIR})
set(MILLRACE_PACKAGE_CONFIG_PROTOS ${PROJECT_SOURCE_DIR}/libs)
configure_file(cmake/MillraceConfig.cmake.in
  ${PROJECT_BINARY_DIR}/lib/cmake/Millrace/MillraceConfig.cmake @ONLY)
export(EXPORT MillraceTargets NAMESPACE millrace::
  FILE ${PROJECT_BINARY_DIR}/lib/cmake/Millrace/MillraceTargets.cmake)

set(MILLRACE_PACKAGE_FUNCTIONS "\${CMAKE_CURRENT_LIST_DIR}")
set(MILLRACE_PACKAGE_PROTOS
    "\${CMAKE_CURRENT_LIST_DIR}/../../../share/millrace/proto")
set(MILLRACE_PACKAGE_CONFIG_PROTOS
    "\${CMAKE_CURRENT_LIST_DIR}/../../../share/millrace/config")
configure_file(cmake/MillraceConfig.cmake.in
  ${PROJECT_BINARY_DIR}/install/MillraceConfig.cmake @ONLY)
install(FILES ${function_files}
  ${PROJECT_BINARY_DIR}/install/MillraceConfig.cmake
  ${PROJECT_BINARY_DIR}/lib/cmake/Millrace/MillraceConfigVersion.cmake
  DESTINATION lib/cmake/Millrace)
install(EXPORT MillraceTargets NAMESPACE millrace::
  DESTINATION lib/cmake/Millrace)
