/* ESP-IDF's entry point: the application, which answers requests on the serial line. */
int kit_app(void);
void app_main(void);

void app_main(void) {
    kit_app(); /* does not return */
}
