#pragma once
#define DT_CHOSEN(name) chosen_##name
#define DEVICE_DT_GET(node) (&node)
extern const struct device chosen_zephyr_console;
