/* The clock of a simulated board that runs faster than the world: loaded into MicroPython before
 * the C library (LD_PRELOAD).
 *
 * Time passes for the board in two ways. While it computes, `work` microseconds for each one of
 * the processor's that it takes here, as the board is that much slower; being kept from the
 * processor by other programs costs it nothing. While it waits, at `speed` times the world's
 * pace, and never longer than it asked for. Short waits are saved up until one is worth sleeping.
 * A server that was just sent something is given time to answer: its milliseconds would be seconds
 * of the board, which has deadlines. So for a while the board waits at a slow pace.
 *
 * The file that TICGATE_CLOCK names is shared with soak.py: see `struct shared`.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static struct shared {
    volatile int64_t now;   /* microseconds since 1970, the board's */
    volatile int32_t speed; /* of a wait */
    volatile int32_t work;  /* of the processor */
} *clock_;

static int64_t worked;       /* microseconds of the processor so far */
static int64_t saved;        /* microseconds of the world still to be waited */
static int64_t patient;      /* until when the world has time to answer */
static char ours[1024];      /* which descriptors are connections that the board has made */
#define WORTH 500
#define SLOW 20              /* the pace until then */
#define ANSWER 100000        /* microseconds for an answer to begin, */
#define MORE 2000            /* and for what comes after it */

static int64_t read_clock(int which) {
    struct timespec t;
    syscall(SYS_clock_gettime, which, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

__attribute__((constructor)) static void begin(void) {
    int file = open(getenv("TICGATE_CLOCK"), O_RDWR);
    void *place = mmap(NULL, sizeof *clock_, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file < 0 || place == MAP_FAILED) _exit(3);
    close(file);
    clock_ = place;
    worked = read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

static int64_t now(void) {
    int64_t work = read_clock(CLOCK_PROCESS_CPUTIME_ID);
    clock_->now += (work - worked) * clock_->work;
    worked = work;
    return clock_->now;
}

static void expect(int fd, int64_t us) {
    if (fd >= 0 && fd < (int)sizeof ours && ours[fd]) patient = read_clock(CLOCK_MONOTONIC) + us;
}

/* Waits so many microseconds of the board's time, for ever if that is negative. */
static int wait_(struct pollfd *fds, nfds_t n, int64_t us) {
    int ready;
    struct timespec t = {0, 0};
    int64_t speed = clock_->speed;
    if (patient && us) {
        if (read_clock(CLOCK_MONOTONIC) >= patient) patient = 0;
        else if (speed > SLOW) speed = SLOW;
    }
    now();
    if (us > 0) {
        ready = syscall(SYS_ppoll, fds, n, &t, NULL, 0);
        if (ready) return ready;
        saved += us / speed;
        if (saved < WORTH) {
            clock_->now += us;
            return 0;
        }
    }
    /* With a wait in hand: what has been saved up is waited with it. */
    int64_t begun = read_clock(CLOCK_MONOTONIC), most = us > 0 ? saved : us;
    t.tv_sec = most / 1000000;
    t.tv_nsec = most % 1000000 * 1000;
    ready = syscall(SYS_ppoll, fds, n, us < 0 ? NULL : &t, NULL, 0);
    if (us) {
        int64_t passed = read_clock(CLOCK_MONOTONIC) - begun, wish = us / speed;
        int64_t before = us > 0 ? saved - wish : 0;   /* has passed for the board already */
        saved = 0;
        if (!ready) clock_->now += us;
        else if (passed > before) {
            passed = (passed - before) * speed;
            clock_->now += us > 0 && passed > us ? us : passed;
        }
    }
    return ready;
}

int poll(struct pollfd *fds, nfds_t n, int timeout) {
    return wait_(fds, n, timeout < 0 ? -1 : timeout * 1000LL);
}

int usleep(useconds_t us) {
    wait_(NULL, 0, us);
    return 0;
}

int select(int n, fd_set *in, fd_set *out, fd_set *err, struct timeval *timeout) {
    /* MicroPython only sleeps with it. */
    if (n || in || out || err) {
        errno = ENOSYS;
        return -1;
    }
    wait_(NULL, 0, timeout ? timeout->tv_sec * 1000000LL + timeout->tv_usec : -1);
    return 0;
}

int clock_gettime(clockid_t which, struct timespec *t) {
    int64_t us = now();
    (void)which;
    t->tv_sec = us / 1000000;
    t->tv_nsec = us % 1000000 * 1000;
    return 0;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone) {
    int64_t us = now();
    (void)zone;
    t->tv_sec = us / 1000000;
    t->tv_usec = us % 1000000;
    return 0;
}

time_t time(time_t *t) {
    time_t s = now() / 1000000;
    if (t) *t = s;
    return s;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int connect(int fd, const struct sockaddr *address, socklen_t size) {
    static __typeof__(&connect) real;
    if (!real) real = REAL(connect);
    if (fd >= 0 && fd < (int)sizeof ours) ours[fd] = 1;
    expect(fd, ANSWER);
    return real(fd, address, size);
}

ssize_t write(int fd, const void *data, size_t size) {
    static __typeof__(&write) real;
    if (!real) real = REAL(write);
    expect(fd, ANSWER);
    return real(fd, data, size);
}

ssize_t read(int fd, void *data, size_t size) {
    static __typeof__(&read) real;
    if (!real) real = REAL(read);
    ssize_t n = real(fd, data, size);
    if (n >= 0) expect(fd, MORE);
    return n;
}

int close(int fd) {
    static __typeof__(&close) real;
    if (!real) real = REAL(close);
    if (fd >= 0 && fd < (int)sizeof ours && ours[fd]) {
        ours[fd] = 0;
        patient = 0;
    }
    return real(fd);
}
