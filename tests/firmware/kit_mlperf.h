/* The benchmark of the test firmware: 1,000 bytes, as the model takes them. */
#ifndef KIT_MLPERF_H
#define KIT_MLPERF_H

#define KIT_MLPERF_MODEL "test01"
#define KIT_MLPERF_INPUT 0
#define KIT_MLPERF_ERROR 0
#define KIT_MLPERF_BYTES 1000

#endif
