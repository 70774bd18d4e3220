# Run by add_migrations() at build time: writes ${OUT}/migrations.{h,cc} from
# the scripts in ${DIR}.
cmake_minimum_required(VERSION 3.25)

# user_notes -> UserNotesMigrations
string(REPLACE "_" ";" words ${MODULE})
set(function "")
foreach(word IN LISTS words)
  string(SUBSTRING ${word} 0 1 first)
  string(SUBSTRING ${word} 1 -1 rest)
  string(TOUPPER ${first} first)
  string(APPEND function "${first}${rest}")
endforeach()
string(APPEND function "Migrations")

file(GLOB scripts ${DIR}/*.sql)
list(SORT scripts)
set(entries "")
foreach(script IN LISTS scripts)
  get_filename_component(stem ${script} NAME_WE)
  if(NOT stem MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)$")
    message(FATAL_ERROR "${script}: name migrations NNNN_what_it_does.sql")
  endif()
  set(name "${CMAKE_MATCH_2}")
  string(REGEX REPLACE "^0+" "" version "${CMAKE_MATCH_1}")
  file(READ ${script} sql)
  if(sql MATCHES "\\)sql\"")
    message(FATAL_ERROR "${script}: contains )sql\"")
  endif()
  string(APPEND entries
         "      {${version}, \"${name}\", R\"sql(${sql})sql\"},\n")
endforeach()

file(WRITE ${OUT}/migrations.h "// Generated from ${MODULE}'s migrations.
#pragma once

#include <vector>

#include \"store/migration.h\"

namespace millrace {

std::vector<store::Migration> ${function}();

}  // namespace millrace
")
file(WRITE ${OUT}/migrations.cc "#include \"${MODULE}/migrations.h\"

namespace millrace {

std::vector<store::Migration> ${function}() {
  return {
${entries}  };
}

}  // namespace millrace
")
