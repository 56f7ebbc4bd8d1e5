#pragma once
typedef int esp_err_t;
#define ESP_ERROR_CHECK(x) ((void)(x))
