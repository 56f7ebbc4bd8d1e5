#pragma once
typedef struct tskTaskControlBlock *TaskHandle_t;
void vTaskDelay(const TickType_t ticks);
UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task);
