# add_migrations(<target> <dir> MODULE <name>)
#
# Embeds <dir>/NNNN_<what>.<kind>.sql into <target>. <kind> is expand where
# programs of before may run on, contract where they may not (see
# store/migration.h); the first script needs none. For MODULE users the header
# is "users/migrations.h" and gives
#   std::vector<millrace::store::Migration> millrace::UsersMigrations();
# in the order of the numbers. MODULE defaults to the name of the folder that
# <dir> stands in. A new file is found when CMake next runs, which it does by
# itself.
function(add_migrations target dir)
  cmake_parse_arguments(ARG "" "MODULE" "" ${ARGN})
  set(embed ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/EmbedMigrations.cmake)
  get_filename_component(dir ${dir} ABSOLUTE)
  if(NOT ARG_MODULE)
    get_filename_component(parent ${dir} DIRECTORY)
    get_filename_component(ARG_MODULE ${parent} NAME)
  endif()
  file(GLOB scripts CONFIGURE_DEPENDS ${dir}/*.sql)
  if(NOT scripts)
    message(FATAL_ERROR "add_migrations: no *.sql in ${dir}")
  endif()
  set(out ${PROJECT_BINARY_DIR}/gen/${ARG_MODULE})
  add_custom_command(
    OUTPUT ${out}/migrations.h ${out}/migrations.cc
    COMMAND ${CMAKE_COMMAND} -DMODULE=${ARG_MODULE} -DDIR=${dir} -DOUT=${out}
            -P ${embed}
    DEPENDS ${scripts} ${embed}
    COMMENT "Migrations of ${ARG_MODULE}" VERBATIM)
  get_target_property(real ${target} ALIASED_TARGET)
  if(real)
    set(target ${real})
  endif()
  target_sources(${target} PRIVATE ${out}/migrations.cc ${out}/migrations.h)
  target_include_directories(${target} PUBLIC ${PROJECT_BINARY_DIR}/gen)
  target_link_libraries(${target} PUBLIC millrace::store)
endfunction()
