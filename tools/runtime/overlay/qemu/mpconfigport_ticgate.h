// MicroPython's qemu port with what the firmware's reader needs (time, select, asyncio) and with
// the settings of ports/esp32 that change how code runs.

#include "ports/qemu/mpconfigport.h"

#undef MICROPY_PY_TIME
#define MICROPY_PY_TIME                         (1)
#undef MICROPY_PY_SELECT
#define MICROPY_PY_SELECT                       (1)
#undef MICROPY_PY_ASYNCIO
#define MICROPY_PY_ASYNCIO                      (1)
#undef MICROPY_PY_SYS_STDIO_BUFFER
#define MICROPY_PY_SYS_STDIO_BUFFER             (1)

#define MICROPY_PY_ALL_INPLACE_SPECIAL_METHODS  (1)
#define MICROPY_PY_STR_BYTES_CMP_WARN           (1)
#define MICROPY_PY_IO_BUFFEREDWRITER            (1)
#define MICROPY_OPT_COMPUTED_GOTO               (1)
#define MICROPY_SCHEDULER_DEPTH                 (8)
