# busbar_add_driver(name SOURCES … [LIBS …] [STATIC_LIBSTDCXX] [TARGET_MINOR n] [MANIFEST file]
#                   [OUTPUT_DIR dir] [UNCHECKED])
#
# Builds the driver folder <OUTPUT_DIR>/<name>/ that holds exactly manifest.json and <name>.so, ready for
# `busbar driver install`. The manifest stands beside the calling CMakeLists.txt and is checked first.
#   LIBS              libraries to link; they must be static or part of libc, or shipped by the host
#   STATIC_LIBSTDCXX  link libstdc++ statically: no need of one on the target, but the glibc floor rises
#                     to that of the build machine
#   TARGET_MINOR      oldest host minor that the driver wants to run on; default 0
#   MANIFEST          another manifest.json
#   OUTPUT_DIR        another folder than ${CMAKE_BINARY_DIR}/drivers
#   UNCHECKED         skip the manifest check, for drivers that test the host
# The same file serves this tree and the installed SDK. The names of all drivers of OUTPUT_DIR's default
# are collected in the global property BUSBAR_DRIVERS.

function(busbar_add_driver name)
  cmake_parse_arguments(arg "STATIC_LIBSTDCXX;UNCHECKED" "TARGET_MINOR;MANIFEST;OUTPUT_DIR" "SOURCES;LIBS"
                        ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "busbar_add_driver(${name}): unknown argument ${arg_UNPARSED_ARGUMENTS}")
  endif()
  set(manifest ${CMAKE_CURRENT_SOURCE_DIR}/manifest.json)
  if(arg_MANIFEST)
    get_filename_component(manifest ${arg_MANIFEST} ABSOLUTE)
  endif()
  if(NOT EXISTS ${manifest})
    message(FATAL_ERROR "busbar_add_driver(${name}): ${manifest} does not exist")
  endif()
  if(NOT arg_TARGET_MINOR)
    set(arg_TARGET_MINOR 0)
  endif()
  set(output ${CMAKE_BINARY_DIR}/drivers)
  if(arg_OUTPUT_DIR)
    get_filename_component(output ${arg_OUTPUT_DIR} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_BINARY_DIR})
  else()
    set_property(GLOBAL APPEND PROPERTY BUSBAR_DRIVERS ${name})
  endif()

  set(embedded ${CMAKE_CURRENT_BINARY_DIR}/${name}_embedded_manifest.c)
  get_property(sdk_build GLOBAL PROPERTY BUSBAR_SDK_BUILD)
  configure_file(${CMAKE_CURRENT_FUNCTION_LIST_DIR}/embedded_manifest.c.in ${embedded} @ONLY)
  set_source_files_properties(${embedded} PROPERTIES
    OBJECT_DEPENDS ${manifest} COMPILE_OPTIONS "-std=gnu11;-fno-lto")

  set(checked "")
  if(NOT arg_UNCHECKED)
    set(glue ${CMAKE_CURRENT_BINARY_DIR}/${name}_glue)
    file(MAKE_DIRECTORY ${glue})
    set(checked ${glue}/busbar_manifest.hpp)
    add_custom_command(OUTPUT ${checked} VERBATIM
      COMMAND busbar::manifest_check ${manifest} --glue ${checked}
      DEPENDS ${manifest} busbar::manifest_check
      COMMENT "Checking manifest.json of ${name}")
  endif()

  add_library(${name} MODULE ${arg_SOURCES} ${embedded} ${checked})
  target_link_libraries(${name} PRIVATE busbar::sdk ${arg_LIBS})
  if(checked)
    target_include_directories(${name} PRIVATE ${glue})
  endif()
  target_compile_definitions(${name} PRIVATE BUSBAR_TARGET_MINOR=${arg_TARGET_MINOR})
  target_compile_options(${name} PRIVATE
    -fPIC -ffunction-sections -fdata-sections
    $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  set_target_properties(${name} PROPERTIES
    PREFIX "" SUFFIX ".so"
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY ${output}/${name}
    LINK_DEPENDS "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/driver.map")
  target_link_options(${name} PRIVATE
    -Wl,--version-script=${CMAKE_CURRENT_FUNCTION_LIST_DIR}/driver.map
    -Wl,-z,now -Wl,-z,relro -Wl,-z,noexecstack -Wl,--exclude-libs,ALL -Wl,--build-id=sha1
    -Wl,--gc-sections)
  # A sanitizer's runtime lives in the executable, so its symbols stay undefined here.
  if(NOT BUSBAR_SANITIZE)
    target_link_options(${name} PRIVATE -Wl,-z,defs)
  endif()
  if(arg_STATIC_LIBSTDCXX)
    target_link_options(${name} PRIVATE -static-libstdc++ -static-libgcc)
  endif()
  if(TARGET busbar_warnings)
    target_link_libraries(${name} PRIVATE busbar_warnings)
  endif()

  add_custom_command(TARGET ${name} POST_BUILD VERBATIM
    COMMAND ${CMAKE_COMMAND} -E copy_if_different ${manifest} ${output}/${name}/manifest.json)
endfunction()
