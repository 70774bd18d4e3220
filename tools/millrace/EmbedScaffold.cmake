# Run at build time: writes ${OUT} from the files of ${DIR}, which are given by
# ${FILES} with commas between them.
cmake_minimum_required(VERSION 3.25)
string(REPLACE "," ";" files "${FILES}")
set(entries "")
foreach(file IN LISTS files)
  file(READ ${DIR}/${file} text)
  if(text MATCHES "\\)scaffold\"")
    message(FATAL_ERROR "${DIR}/${file}: contains )scaffold\"")
  endif()
  string(APPEND entries
         "      {\"${file}\", R\"scaffold(${text})scaffold\"},\n")
endforeach()
file(WRITE ${OUT} "// Generated from ${DIR}.
#include \"tools/millrace/scaffold.h\"

namespace millrace::cli {

std::vector<ScaffoldFile> TemplateFiles() {
  return {
${entries}  };
}

}  // namespace millrace::cli
")
