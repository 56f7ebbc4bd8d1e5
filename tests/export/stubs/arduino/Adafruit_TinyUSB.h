/* Of cores for the nRF52840 and RP2040: without it a sketch that uses Serial does not link. */
#pragma once
#include "Arduino.h"

extern HardwareSerial Serial;
