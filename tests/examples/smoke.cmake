# Runs the demo for one short epoch and checks that everything it promises is there. PROGRAM and OUT are given,
# and in cross builds EMULATOR, with | between its words.

string(REPLACE "|" ";" PROGRAM "${EMULATOR}|${PROGRAM}")
list(REMOVE_ITEM PROGRAM "")
file(REMOVE_RECURSE ${OUT})
file(MAKE_DIRECTORY ${OUT})
execute_process(COMMAND ${PROGRAM} --epochs 1 --images 256 --out ${OUT} RESULT_VARIABLE result OUTPUT_VARIABLE output
  ERROR_VARIABLE errors)
message("${output}${errors}")
if(NOT result EQUAL 0)
  message(FATAL_ERROR "the demo ended with ${result}")
endif()
if(NOT output MATCHES "test accuracy [0-9]+\\.[0-9][0-9] %")
  message(FATAL_ERROR "expected the test accuracy in the output")
endif()
foreach(file IN ITEMS model.npz loss.svg graph.dot)
  if(NOT EXISTS ${OUT}/${file})
    message(FATAL_ERROR "expected ${OUT}/${file}")
  endif()
  file(SIZE ${OUT}/${file} size)
  if(size LESS 100)
    message(FATAL_ERROR "${OUT}/${file} has ${size} bytes")
  endif()
endforeach()

# Mistakes of the user: one sentence, exit code 1.
foreach(arguments IN ITEMS "--epochs;0" "--nonsense" "--data;${OUT}/nowhere" "--out;/proc/self/nowhere")
  execute_process(COMMAND ${PROGRAM} --out ${OUT} ${arguments} RESULT_VARIABLE result OUTPUT_VARIABLE output
    ERROR_VARIABLE errors)
  string(REGEX MATCHALL "\n" lines "${errors}")
  list(LENGTH lines count)
  if(NOT result EQUAL 1 OR NOT count EQUAL 1)
    message(FATAL_ERROR "'${arguments}' should give one sentence and 1, gave ${result}: ${errors}")
  endif()
endforeach()

# Results are written, but nobody can read what was said.
if(EXISTS /dev/full)
  execute_process(COMMAND ${PROGRAM} --epochs 1 --images 64 --linear --out ${OUT} OUTPUT_FILE /dev/full
    RESULT_VARIABLE result ERROR_VARIABLE errors)
  if(NOT result EQUAL 1 OR NOT errors MATCHES "standard output")
    message(FATAL_ERROR "a full standard output should give one sentence and 1, gave ${result}: ${errors}")
  endif()
endif()
