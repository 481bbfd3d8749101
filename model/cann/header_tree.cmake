# SPDX-License-Identifier: Apache-2.0
# Finds the parts of a tree of CANN headers: the headers of a toolkit (8.1), or asc-devkit with
# asc-tools (newest). What is missing is named in one sentence.
#
# As a script it only checks: cmake -DASCENDC_HEADERS=DIR -P header_tree.cmake

# The first folder in or below ASCENDC_HEADERS that holds `header`; empty if there is none.
function(find_folder_of header result)
    foreach(levels "" "*/" "*/*/" "*/*/*/" "*/*/*/*/" "*/*/*/*/*/")
        file(GLOB found LIST_DIRECTORIES false "${ASCENDC_HEADERS}/${levels}${header}")
        if(found)
            list(GET found 0 first)
            string(REGEX REPLACE "/?${header}$" "" folder "${first}")
            set(${result} "${folder}" PARENT_SCOPE)
            return()
        endif()
    endforeach()
    set(${result} "" PARENT_SCOPE)
endfunction()

function(require_headers what)
    foreach(header ${ARGN})
        if(NOT EXISTS "${header}")
            message(FATAL_ERROR "ASCENDC_HEADERS (${ASCENDC_HEADERS}) must hold ${what}: "
                                "${header} is missing")
        endif()
    endforeach()
endfunction()

# These set CANN_GENERATION, CANN_INCLUDES (folders) and what only one generation has.
function(find_toolkit arch)
    cmake_path(GET arch PARENT_PATH toolkit)
    set(basic "${arch}/ascendc/include/basic_api")
    set(high "${arch}/ascendc/include/highlevel_api")
    set(stubs "${toolkit}/tools/tikicpulib/lib/include")
    require_headers("the headers of a CANN 8.1 toolkit"
        "${basic}/kernel_operator.h" "${basic}/impl/kernel_tpipe_impl.h"
        "${high}/lib/tiling_api.h" "${stubs}/stub_fun.h" "${stubs}/stub_def.h"
        "${arch}/include/register/op_def_registry.h" "${arch}/include/securec.h")
    set(CANN_GENERATION 8.1 PARENT_SCOPE)
    set(CANN_HOST_INCLUDES "${arch}/include" "${high}" "${high}/lib" "${high}/lib/matmul"
        PARENT_SCOPE)
    set(CANN_INCLUDES "${stubs}" "${basic}" "${basic}/impl" "${basic}/interface" "${high}"
        "${high}/lib" "${high}/impl" "${high}/lib/matmul" "${high}/kernel_tiling"
        "${arch}/include" PARENT_SCOPE)
endfunction()

# kernel_tiling.h and stub_fun.h are not part of it: the one is generated, the other taken from a
# toolkit, alone, because the headers beside it belong to the older generation.
function(find_devkit devkit)
    find_folder_of(cpudebug/include/stub_def.h tools)
    find_folder_of(stub_fun.h stubs)
    set(debug "${tools}/cpudebug/include")
    set(generator "${devkit}/impl/adv_api/cmake/scripts/gen_kernel_tiling_data_def.py")
    if(tools STREQUAL "")
        set(debug "${ASCENDC_HEADERS}/asc-tools/cpudebug/include")
    endif()
    if(stubs STREQUAL "")
        set(stubs "${ASCENDC_HEADERS}/tools/tikicpulib/lib/include")
    endif()
    require_headers("asc-devkit, asc-tools and stub_fun.h of a CANN 8.1 toolkit"
        "${devkit}/include/basic_api/kernel_base_types.h"
        "${devkit}/impl/basic_api/kernel_tpipe_impl.h" "${generator}"
        "${debug}/stub_def.h" "${debug}/tikicpulib.h" "${stubs}/stub_fun.h")
    set(CANN_GENERATION newest PARENT_SCOPE)
    set(CANN_STUB_FUN "${stubs}/stub_fun.h" PARENT_SCOPE)
    set(CANN_TILING_GENERATOR "${generator}" PARENT_SCOPE)
    set(CANN_TILING_SOURCE "${devkit}/include/adv_api" PARENT_SCOPE)
    set(CANN_INCLUDES "${debug}" "${devkit}" "${devkit}/include" "${devkit}/include/basic_api"
        "${devkit}/include/utils" "${devkit}/include/adv_api" "${devkit}/impl"
        "${devkit}/impl/basic_api" "${devkit}/impl/utils" PARENT_SCOPE)
endfunction()

macro(find_cann_headers)
    find_folder_of(ascendc/include/basic_api/kernel_operator.h cann_arch)
    find_folder_of(impl/basic_api/kernel_tpipe_impl.h cann_devkit)
    if(NOT cann_devkit STREQUAL "" AND EXISTS "${cann_devkit}/include/kernel_operator.h")
        find_devkit("${cann_devkit}")
    elseif(NOT cann_arch STREQUAL "")
        find_toolkit("${cann_arch}")
    else()
        message(FATAL_ERROR
            "ASCENDC_HEADERS (${ASCENDC_HEADERS}) must be or contain a CANN toolkit or asc-devkit: "
            "there is neither ascendc/include/basic_api/kernel_operator.h in it nor "
            "impl/basic_api/kernel_tpipe_impl.h")
    endif()
    message(STATUS "CANN headers: ${CANN_GENERATION} in ${ASCENDC_HEADERS}")
endmacro()

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
    find_cann_headers()
endif()
