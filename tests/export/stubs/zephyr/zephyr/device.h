#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct device {
    int ready;
};
bool device_is_ready(const struct device *dev);
