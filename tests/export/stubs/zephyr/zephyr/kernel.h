#pragma once
#include <stddef.h>
#include <stdint.h>
#define CONFIG_MAIN_STACK_SIZE 4096 /* prj.conf */
struct k_thread;
typedef struct k_thread *k_tid_t;
k_tid_t k_current_get(void);
int k_thread_stack_space_get(const struct k_thread *thread, size_t *unused);
uint32_t k_cycle_get_32(void);
uint64_t k_cyc_to_us_floor64(uint64_t cycles);
int32_t k_msleep(int32_t ms);
void k_yield(void);
void k_panic(void);
