# Compiler settings, ccache and the helpers that every folder uses.

find_program(BUSBAR_CCACHE ccache)
if(BUSBAR_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${BUSBAR_CCACHE})
  # The sloppiness that ccache's manual asks for with precompiled headers.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${BUSBAR_CCACHE})
endif()

# Diagnostics and __FILE__ name paths from the root of the tree, so that builds reproduce.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
endif()

# GCC spends 8 % of its time collecting garbage, from 256 MB on. At 600,000 kB hardly a file of this tree makes it begin;
# the largest then takes 1.3 GB, so small machines keep GCC's own limit.
cmake_host_system_information(RESULT BUSBAR_MEMORY_MIB QUERY TOTAL_PHYSICAL_MEMORY)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND BUSBAR_MEMORY_MIB GREATER_EQUAL 7500)
  add_compile_options(--param=ggc-min-heapsize=600000)
endif()

if(BUSBAR_SANITIZE)
  add_compile_options(-fsanitize=${BUSBAR_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${BUSBAR_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # RapidJSON's stack adds to a null pointer (internal/stack.h); GCC's sanitizer lets that pass.
    add_compile_options(-fno-sanitize=pointer-overflow)
  endif()
endif()
if(BUSBAR_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

add_library(busbar_warnings INTERFACE)
target_compile_options(busbar_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wcast-qual -Wconversion -Wsign-conversion
  -Wimplicit-fallthrough
  "$<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor;-Wold-style-cast>"
  "$<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>"
  "$<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:Clang>>:-Wthread-safety>"
  # GCC 12 is wrong about std::variant and std::string when it optimises (GCC bugs 105562 and 105651).
  "$<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized;-Wno-restrict>")

# Parsing the standard library and GoogleTest over and over is a third of a build from nothing. A header
# that is compiled once serves all targets with equal flags; each file still includes what it uses,
# which the dev preset (without it) and tools/dev/check-includes see to.
option(BUSBAR_PCH "Precompile the headers that nearly every file includes" OFF)
set(BUSBAR_STD_HEADERS <algorithm> <array> <atomic> <charconv> <chrono> <cstdint> <cstring> <deque> <functional> <map>
    <memory> <optional> <set> <string> <string_view> <unordered_map> <utility> <variant> <vector>)

# busbar_precompile(target KIND library|test LIBS … HEADERS …): lets `target` use the precompiled header
# of its kind, which the first caller makes.
function(busbar_precompile target)
  cmake_parse_arguments(arg "" "KIND;SHARED" "LIBS;HEADERS;OPTIONS" ${ARGN})
  get_target_property(sources ${target} SOURCES)
  if(NOT BUSBAR_PCH OR sources MATCHES "[.]c(;|$)")
    return()
  endif()
  set(for_ccache "$<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>"
      "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
  set(owner busbar_precompiled_${arg_KIND})
  if(NOT TARGET ${owner})
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/precompiled/${arg_KIND}.cc CONTENT "")
    add_library(${owner} OBJECT EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/generated/precompiled/${arg_KIND}.cc)
    target_include_directories(${owner} PRIVATE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${owner} PRIVATE busbar_warnings ${arg_LIBS})
    target_compile_options(${owner} PRIVATE ${arg_OPTIONS} ${for_ccache})
    set_target_properties(${owner} PROPERTIES POSITION_INDEPENDENT_CODE ${arg_SHARED})
    target_precompile_headers(${owner} PRIVATE ${BUSBAR_STD_HEADERS} ${arg_HEADERS} ${CMAKE_SOURCE_DIR}/sdk/base/event_loop.h
                               ${CMAKE_SOURCE_DIR}/sdk/base/json.h)
  endif()
  target_precompile_headers(${target} REUSE_FROM ${owner})
  target_compile_options(${target} PRIVATE ${for_ccache})
endfunction()

# The fewer batches, the less often the same headers are parsed.
function(busbar_batches target size)
  if(NOT size)
    set(size 16)
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${size})
endfunction()

# busbar_library(name SOURCES … PUBLIC … PRIVATE … [SEPARATE] [BATCH n]): a static library busbar_<name>, alias
# busbar::<name>. SEPARATE: its files use the same names, and are never compiled in batches. BATCH: how many files make
# a batch, where the default is too many for the names that they use.
function(busbar_library name)
  cmake_parse_arguments(arg "SEPARATE" "BATCH" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(busbar_${name} STATIC ${arg_SOURCES})
  add_library(busbar::${name} ALIAS busbar_${name})
  target_include_directories(busbar_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(busbar_${name} PUBLIC ${arg_PUBLIC} PRIVATE busbar_warnings ${arg_PRIVATE})
  if(NOT arg_PRIVATE MATCHES "Poco::")  # its definitions differ
    busbar_precompile(busbar_${name} KIND library SHARED ON)
  endif()
  if(BUSBAR_UNITY AND NOT arg_SEPARATE)
    busbar_batches(busbar_${name} "${arg_BATCH}")
    # A file of a batch is included, which GCC takes for a header.
    target_compile_options(busbar_${name} PRIVATE "$<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>")
  endif()
endfunction()

# Everything that the sanitizer presets build: unit tests and replays of fuzz corpora.
add_custom_target(unit_tests)

# busbar_test(name LABEL unit SOURCES … LIBS … [BATCH n] [TIMEOUT s]): one GoogleTest binary. TIMEOUT is for what
# hangs: ten times what the longest takes when the machine is not in the way.
function(busbar_test name)
  cmake_parse_arguments(arg "" "LABEL;TIMEOUT;BATCH" "SOURCES;LIBS;ENV" ${ARGN})
  if(NOT arg_LABEL)
    set(arg_LABEL unit)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 240)
  endif()
  if(BUSBAR_LONG)
    math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 30")
  endif()
  add_executable(${name} ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE busbar_warnings ${arg_LIBS} GTest::gtest GTest::gtest_main)
  # Test code itself is not optimised, whatever the preset: GoogleTest's macros take minutes at -O2.
  target_compile_options(${name} PRIVATE -O0)
  busbar_precompile(${name} KIND test SHARED OFF LIBS GTest::gtest HEADERS <gtest/gtest.h>
                    OPTIONS -O0 -fPIE)
  if(BUSBAR_UNITY)
    busbar_batches(${name} "${arg_BATCH}")
  endif()
  if(arg_LABEL STREQUAL unit)
    add_dependencies(unit_tests ${name})
  endif()
  # One ctest per binary keeps start-up cost low; the binary's own output names the failing case.
  add_test(NAME ${name} COMMAND ${name} --gtest_color=no)
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABEL}" TIMEOUT ${arg_TIMEOUT}
                       ENVIRONMENT "BUSBAR_BUILD=${CMAKE_BINARY_DIR};BUSBAR_SOURCE=${CMAKE_SOURCE_DIR};${arg_ENV}")
endfunction()

# busbar_fuzz(name SOURCES … LIBS …): LLVMFuzzerTestOneInput in <name>.cc. With BUSBAR_FUZZ a libFuzzer
# binary; otherwise a test that replays tests/fuzz/corpus/<name>/ (label fuzz).
function(busbar_fuzz name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE busbar_warnings ${arg_LIBS})
  if(BUSBAR_FUZZ)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/support/replay_main.cc)
    add_test(NAME ${name} COMMAND ${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name})
    set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 120)
    add_dependencies(unit_tests ${name})
  endif()
endfunction()

# busbar_bench_program(target): lets the target `benches` build it, which tools/bench asks for. The presets that compile
# file by file and the long form of the tests build it with all the rest.
function(busbar_bench_program target)
  if(NOT TARGET benches)
    add_custom_target(benches)
  endif()
  add_dependencies(benches ${target})
  if(BUSBAR_UNITY AND NOT BUSBAR_LONG)
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
endfunction()

# busbar_bench(name SOURCES … LIBS …): a program in <build>/bench that prints figures with
# tests/bench/figure.h and takes a filter as its first argument. Run by tools/bench, not by ctest.
function(busbar_bench name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
  target_link_libraries(${name} PRIVATE busbar_warnings bench_figure ${arg_LIBS})
  busbar_bench_program(${name})
  if(arg_LIBS MATCHES "GTest::")  # its definitions differ
    busbar_precompile(${name} KIND bench SHARED OFF LIBS GTest::gtest OPTIONS -fPIE)
  endif()
endfunction()
