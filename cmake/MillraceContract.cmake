# add_contract(<name> PROTOS <path under proto/>... [DEPS <target>...])
#
# Compiles proto files into `millrace::<name>_contract`: messages by protoc,
# emitter contracts and service interfaces by protoc-gen-millrace. For
# users/v1/users.proto the includes are "users/v1/users.pb.h" and
# "users/v1/users.millrace.h".
function(add_contract name)
  cmake_parse_arguments(ARG "" "" "PROTOS;DEPS" ${ARGN})
  set(out ${PROJECT_BINARY_DIR}/gen)
  file(MAKE_DIRECTORY ${out})
  set(generated "")
  foreach(proto IN LISTS ARG_PROTOS)
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    set(files ${out}/${stem}.pb.h ${out}/${stem}.pb.cc
              ${out}/${stem}.millrace.h ${out}/${stem}.millrace.cc)
    add_custom_command(
      OUTPUT ${files}
      COMMAND ${PROTOC_PROGRAM}
        --plugin=protoc-gen-millrace=$<TARGET_FILE:protoc-gen-millrace>
        --proto_path=${PROJECT_SOURCE_DIR}/proto
        --cpp_out=${out} --millrace_out=${out} ${proto}
      DEPENDS ${PROJECT_SOURCE_DIR}/proto/${proto} protoc-gen-millrace
      COMMENT "Contract ${proto}" VERBATIM)
    list(APPEND generated ${files})
  endforeach()
  set(target millrace_${name}_contract)
  add_library(${target} STATIC ${generated})
  add_library(millrace::${name}_contract ALIAS ${target})
  target_include_directories(${target} SYSTEM PUBLIC ${out})
  target_link_libraries(${target} PUBLIC millrace::contract ${ARG_DEPS}
                        protobuf::libprotobuf)
endfunction()
