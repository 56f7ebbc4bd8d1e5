#pragma once
#include <stdint.h>
typedef uint32_t TickType_t;
typedef unsigned int UBaseType_t;
typedef struct QueueDefinition *QueueHandle_t;
#define portMAX_DELAY ((TickType_t)0xffffffffUL)
#define pdMS_TO_TICKS(ms) ((TickType_t)(((TickType_t)(ms) * (TickType_t)100) / (TickType_t)1000U))
