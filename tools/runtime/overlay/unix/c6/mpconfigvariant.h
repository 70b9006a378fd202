// The unix port set up like ports/esp32: with 32-bit objects, 31-bit small ints, 32-bit floats
// and viper integers, a module takes the same room on the heap as it does on the ESP32-C6.

#define MICROPY_CONFIG_ROM_LEVEL        (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)
#define MICROPY_FLOAT_IMPL              (MICROPY_FLOAT_IMPL_FLOAT)
#define MICROPY_PY_SYS_PATH_DEFAULT     ".frozen"

#include "ports/unix/variants/mpconfigvariant_common.h"

// Short error messages, as on the board: the long ones would cost heap that the board does not pay.
#undef MICROPY_ERROR_REPORTING
#define MICROPY_ERROR_REPORTING         (MICROPY_ERROR_REPORTING_NORMAL)

#define MICROPY_PY_IO_BUFFEREDWRITER    (1)
#define MICROPY_SCHEDULER_DEPTH         (8)
