// A clock for the qemu port on the RISC-V virt machine, and the module `rvbench`, which counts
// instructions. With QEMU's -icount the count is exact: it repeats from one run to the next.

#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stream.h"

// The virt machine's timer (CLINT), 10 MHz, and the line status register of its serial port.
#define MTIME_LOW   (*(volatile uint32_t *)0x0200bff8)
#define MTIME_HIGH  (*(volatile uint32_t *)0x0200bffc)
#define MTIME_HZ    (10000000)
#define UART_STATUS (*(volatile uint8_t *)0x10000005)
#define UART_DATA_READY (1)

static uint64_t now(void) {
    uint32_t high, low;
    do { // until no carry happened between the two reads
        high = MTIME_HIGH;
        low = MTIME_LOW;
    } while (high != MTIME_HIGH);
    return (uint64_t)high << 32 | low;
}

static inline uint32_t instructions(void) {
    uint32_t count;
    __asm volatile ("csrr %0, minstret" : "=r" (count) : : "memory");
    return count;
}

mp_uint_t mp_hal_ticks_ms(void) {
    return now() / (MTIME_HZ / 1000);
}

mp_uint_t mp_hal_ticks_us(void) {
    return now() / (MTIME_HZ / 1000000);
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return instructions();
}

uint64_t mp_hal_time_ns(void) {
    return now() * (1000000000 / MTIME_HZ);
}

void mp_hal_delay_us(mp_uint_t us) {
    uint64_t end = now() + (uint64_t)us * (MTIME_HZ / 1000000);
    while (now() < end) {
    }
}

void mp_hal_delay_ms(mp_uint_t ms) {
    uint64_t end = now() + (uint64_t)ms * (MTIME_HZ / 1000);
    do {
        mp_event_handle_nowait();
    } while (now() < end);
}

uintptr_t __wrap_mp_hal_stdio_poll(uintptr_t flags) {
    uintptr_t ready = flags & MP_STREAM_POLL_WR;
    if ((flags & MP_STREAM_POLL_RD) && (UART_STATUS & UART_DATA_READY)) {
        ready |= MP_STREAM_POLL_RD;
    }
    return ready;
}

// rvbench.instret() -> instructions so far, the low 30 bits: a small int, so nothing is allocated.
static mp_obj_t rvbench_instret(void) {
    return MP_OBJ_NEW_SMALL_INT(instructions() & 0x3fffffff);
}
static MP_DEFINE_CONST_FUN_OBJ_0(rvbench_instret_obj, rvbench_instret);

// rvbench.count(function, *args) -> (instructions, result of function(*args))
static mp_obj_t rvbench_count(size_t n_args, const mp_obj_t *args) {
    uint32_t start = instructions();
    mp_obj_t result = mp_call_function_n_kw(args[0], n_args - 1, 0, args + 1);
    uint32_t end = instructions();
    mp_obj_t pair[2] = { mp_obj_new_int_from_uint(end - start), result };
    return mp_obj_new_tuple(2, pair);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR(rvbench_count_obj, 1, rvbench_count);

static const mp_rom_map_elem_t rvbench_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_rvbench) },
    { MP_ROM_QSTR(MP_QSTR_instret), MP_ROM_PTR(&rvbench_instret_obj) },
    { MP_ROM_QSTR(MP_QSTR_count), MP_ROM_PTR(&rvbench_count_obj) },
};
static MP_DEFINE_CONST_DICT(rvbench_globals, rvbench_globals_table);

const mp_obj_module_t rvbench_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&rvbench_globals,
};
MP_REGISTER_MODULE(MP_QSTR_rvbench, rvbench_module);
