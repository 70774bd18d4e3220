# Contracts: from .proto files to libraries.

set(MILLRACE_PROTO_DIR ${PROJECT_SOURCE_DIR}/proto)
set(MILLRACE_GEN_DIR ${PROJECT_BINARY_DIR}/gen)
# The .proto files that are generated themselves.
set(MILLRACE_DERIVED_DIR ${MILLRACE_GEN_DIR}/proto)
file(MAKE_DIRECTORY ${MILLRACE_DERIVED_DIR})
set(MILLRACE_CONTRACT_SET ${MILLRACE_GEN_DIR}/contracts.binpb)
# The compiler of contracts; in a project that uses the platform the installed
# one, and MILLRACE_SDK_PROTO_DIRS has the platform's contracts.
if(NOT MILLRACE_CONTRACT_COMPILER)
  set(MILLRACE_CONTRACT_COMPILER protoc-gen-millrace)
endif()

# Where "runtime/config.proto" is, which the settings of modules extend.
if(NOT MILLRACE_CONFIG_PROTO_DIR)
  set(MILLRACE_CONFIG_PROTO_DIR ${PROJECT_SOURCE_DIR}/libs)
endif()

# millrace_protos(<target> PROTOS <path under proto/>... [DEPS <target>...])
#
# The messages alone, by plain protoc: for protos that have no rules, events or
# services, and for the options that protoc-gen-millrace itself is built on.
function(millrace_protos target)
  cmake_parse_arguments(ARG "" "" "PROTOS;DEPS" ${ARGN})
  set(generated "")
  foreach(proto IN LISTS ARG_PROTOS)
    string(REGEX REPLACE "\\.proto$" "" stem ${MILLRACE_GEN_DIR}/${proto})
    # In protoc's order, as below.
    add_custom_command(
      OUTPUT ${stem}.pb.cc ${stem}.pb.h
      COMMAND ${PROTOC_PROGRAM} --proto_path=${MILLRACE_PROTO_DIR}
        --cpp_out=${MILLRACE_GEN_DIR} --dependency_out=${stem}.d ${proto}
      DEPENDS ${MILLRACE_PROTO_DIR}/${proto} DEPFILE ${stem}.d
      COMMENT "Messages ${proto}" VERBATIM)
    list(APPEND generated ${stem}.pb.h ${stem}.pb.cc)
  endforeach()
  add_library(${target} STATIC ${generated})
  target_include_directories(${target} SYSTEM PUBLIC ${MILLRACE_GEN_DIR})
  target_link_libraries(${target} PUBLIC ${ARG_DEPS} protobuf::libprotobuf)
endfunction()

# add_contract(<name> PROTOS <path under proto/>... [DERIVES <path>...]
#              [DEPS <target>...] [ROOT <folder>])
#
# Compiles proto files into `millrace::<name>_contract`: messages by protoc;
# emitter contracts, service interfaces and field rules by protoc-gen-millrace.
# For users/v1/users.proto the includes are "users/v1/users.pb.h" and
# "users/v1/users.millrace.h". DEPS are the contracts that the files import. With
# ROOT the files are in another folder than proto/.
#
# DERIVES are those of the files that derive messages. For users/v1/user.proto
# this writes users/v1/user.derived.proto below gen/proto and compiles it with
# the others; they, and the contracts that have this one among their DEPS, can
# import it. The target's property MILLRACE_DERIVED_PROTOS names all that it
# needs, its own included.
function(add_contract name)
  cmake_parse_arguments(ARG "" "ROOT" "PROTOS;DERIVES;DEPS" ${ARGN})
  if(NOT ARG_ROOT)
    set(ARG_ROOT ${MILLRACE_PROTO_DIR})
  endif()
  set(target millrace_${name}_contract)
  set(plugin
      --plugin=protoc-gen-millrace=$<TARGET_FILE:${MILLRACE_CONTRACT_COMPILER}>)
  set(paths --proto_path=${MILLRACE_DERIVED_DIR} --proto_path=${ARG_ROOT}
            --proto_path=${MILLRACE_PROTO_DIR})
  foreach(dir IN LISTS MILLRACE_SDK_PROTO_DIRS)
    list(APPEND paths --proto_path=${dir})
  endforeach()

  set(imported "")
  set(imported_targets "")
  foreach(dependency IN LISTS ARG_DEPS)
    get_target_property(real ${dependency} ALIASED_TARGET)
    if(NOT real)
      set(real ${dependency})
    endif()
    get_target_property(derived ${real} MILLRACE_DERIVED_PROTOS)
    if(derived)
      list(APPEND imported ${derived})
      list(APPEND imported_targets ${real})
    endif()
  endforeach()

  set(own "")
  foreach(proto IN LISTS ARG_DERIVES)
    if(NOT proto IN_LIST ARG_PROTOS)
      message(FATAL_ERROR "${name}: ${proto} is in DERIVES, but not in PROTOS")
    endif()
    string(REGEX REPLACE "\\.proto$" ".derived.proto" derived ${proto})
    set(file ${MILLRACE_DERIVED_DIR}/${derived})
    add_custom_command(
      OUTPUT ${file}
      COMMAND ${PROTOC_PROGRAM} ${plugin} ${paths}
        --millrace_out=derive:${MILLRACE_DERIVED_DIR}
        --dependency_out=${file}.d ${proto}
      DEPENDS ${ARG_ROOT}/${proto} ${imported}
              ${MILLRACE_CONTRACT_COMPILER}
      DEPFILE ${file}.d
      COMMENT "Derived messages ${derived}" VERBATIM)
    list(APPEND own ${file})
    list(APPEND ARG_PROTOS ${derived})
  endforeach()

  set(generated "")
  foreach(proto IN LISTS ARG_PROTOS)
    string(REGEX REPLACE "\\.proto$" "" stem ${MILLRACE_GEN_DIR}/${proto})
    set(source ${ARG_ROOT}/${proto})
    if(${MILLRACE_DERIVED_DIR}/${proto} IN_LIST own)
      set(source ${MILLRACE_DERIVED_DIR}/${proto})
    endif()
    # In protoc's order: ninja wants the first to be the depfile's first, and
    # else runs the command in every build.
    set(files ${stem}.millrace.cc ${stem}.millrace.h ${stem}.pb.cc ${stem}.pb.h)
    # Any of them may import any derived file; which do is known only later.
    add_custom_command(
      OUTPUT ${files}
      COMMAND ${PROTOC_PROGRAM} ${plugin} ${paths}
        --cpp_out=${MILLRACE_GEN_DIR} --millrace_out=${MILLRACE_GEN_DIR}
        --dependency_out=${stem}.d ${proto}
      DEPENDS ${source} ${own} ${imported}
              ${MILLRACE_CONTRACT_COMPILER}
      DEPFILE ${stem}.d
      COMMENT "Contract ${proto}" VERBATIM)
    list(APPEND generated ${files})
  endforeach()
  add_library(${target} STATIC ${generated})
  add_library(millrace::${name}_contract ALIAS ${target})
  set_target_properties(${target} PROPERTIES
    MILLRACE_DERIVED_PROTOS "${own};${imported}")
  target_include_directories(${target} SYSTEM PUBLIC ${MILLRACE_GEN_DIR})
  target_link_libraries(${target} PUBLIC millrace::contract ${ARG_DEPS}
                        protobuf::libprotobuf)
  if(imported_targets)
    add_dependencies(${target} ${imported_targets})
  endif()
endfunction()

# add_settings(<target> [<proto>])
#
# What the module can be told by the configuration: compiles settings.proto
# beside it into <target>. In a project's services/parcels the include is
# "services/parcels/settings.pb.h".
function(add_settings target)
  set(proto settings.proto)
  if(ARGC GREATER 1)
    set(proto ${ARGV1})
  endif()
  file(RELATIVE_PATH path ${PROJECT_SOURCE_DIR}
       ${CMAKE_CURRENT_SOURCE_DIR}/${proto})
  string(REGEX REPLACE "\\.proto$" "" stem ${MILLRACE_GEN_DIR}/${path})
  # In protoc's order, as below.
  add_custom_command(
    OUTPUT ${stem}.pb.cc ${stem}.pb.h
    COMMAND ${PROTOC_PROGRAM} --proto_path=${PROJECT_SOURCE_DIR}
      --proto_path=${MILLRACE_CONFIG_PROTO_DIR}
      --cpp_out=${MILLRACE_GEN_DIR} --dependency_out=${stem}.d ${path}
    DEPENDS ${PROJECT_SOURCE_DIR}/${path} DEPFILE ${stem}.d
    COMMENT "Settings ${path}" VERBATIM)
  target_sources(${target} PRIVATE ${stem}.pb.cc ${stem}.pb.h)
  target_include_directories(${target} SYSTEM PUBLIC
    $<BUILD_INTERFACE:${MILLRACE_GEN_DIR}>)
  target_link_libraries(${target} PUBLIC millrace::runtime)
endfunction()

# add_contract_set(<target> OUT <file> PROTOS <path>... [ROOTS <folder>...]
#                  [DEPENDS <target or file>...])
#
# One descriptor set of all PROTOS with what they import, their comments and
# the places of their declarations: what documents, clients and checks are made
# from. A path is relative to proto/ or to one of ROOTS, which are looked into
# first. A proto that the build makes is named like any other; DEPENDS then has
# what makes it.
function(add_contract_set target)
  cmake_parse_arguments(ARG "" "OUT" "PROTOS;ROOTS;DEPENDS" ${ARGN})
  set(paths "")
  set(files "")
  list(APPEND ARG_ROOTS ${MILLRACE_PROTO_DIR})
  foreach(root IN LISTS ARG_ROOTS)
    list(APPEND paths --proto_path=${root})
  endforeach()
  foreach(proto IN LISTS ARG_PROTOS)
    foreach(root IN LISTS ARG_ROOTS)
      if(EXISTS ${root}/${proto})
        list(APPEND files ${root}/${proto})
        break()
      endif()
    endforeach()
  endforeach()
  add_custom_command(
    OUTPUT ${ARG_OUT}
    COMMAND ${PROTOC_PROGRAM} ${paths} --include_imports --include_source_info
      --descriptor_set_out=${ARG_OUT} ${ARG_PROTOS}
    DEPENDS ${files} ${ARG_DEPENDS}
    COMMENT "Descriptor set ${target}" VERBATIM)
  add_custom_target(${target} DEPENDS ${ARG_OUT})
endfunction()
