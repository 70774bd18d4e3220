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
list(GET scripts 0 first_script)
set(entries "")
foreach(script IN LISTS scripts)
  get_filename_component(file ${script} NAME)
  if(NOT file MATCHES
     "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)(\\.expand|\\.contract)?\\.sql$")
    message(FATAL_ERROR "${script}: name migrations NNNN_what_it_does.KIND.sql, "
                        "where KIND is expand or contract")
  endif()
  set(name "${CMAKE_MATCH_2}")
  set(said "${CMAKE_MATCH_3}")
  string(REGEX REPLACE "^0+" "" version "${CMAKE_MATCH_1}")
  # There are no programs of before the first.
  if(NOT said AND NOT script STREQUAL first_script)
    message(FATAL_ERROR
      "${script}: say what it means to programs that run already: "
      "NNNN_${name}.expand.sql when it only adds, so that they may go on, "
      "NNNN_${name}.contract.sql when they may not")
  endif()
  set(kind kContract)
  if(said STREQUAL ".expand")
    set(kind kExpand)
  endif()
  file(READ ${script} sql)
  if(sql MATCHES "\\)sql\"")
    message(FATAL_ERROR "${script}: contains )sql\"")
  endif()
  string(APPEND entries
         "      {${version}, \"${name}\", R\"sql(${sql})sql\",\n"
         "       store::MigrationKind::${kind}},\n")
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
