/* Looks like a plugin, and does something bad as soon as it is opened: -DDOES=crash, and so on. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "driftless.h"

static inline void crash(void) {
  volatile int *volatile nowhere = NULL;
  *nowhere = 1;
}
static inline void give_up(void) { abort(); }
static inline void leave(void) { _exit(0); }
static inline void kill_all_around(void) { kill(0, SIGKILL); }
static inline void loop(void) {
  for (volatile int forever = 1; forever;) continue;
}
static inline void sleep_on(void) {
  for (;;) pause();
}
static inline void say_good(void) {
  for (;;) {
    if (write(1, "driftless-probe good\n", 21) < 0) pause();
  }
}
static inline void leave_a_child(void) {
  if (fork() == 0) sleep_on();
  _exit(1);
}
static inline void crash_at_the_end(void) { atexit(crash); }

__attribute__((constructor)) static void begin(void) { DOES(); }

static void *create(const driftless_setting *settings, size_t count, const driftless_host *host,
                    driftless_reason *reason) {
  (void)settings, (void)count, (void)host, (void)reason;
  return NULL;
}

static const driftless_factory factory = {sizeof factory, 2, "example.c-gain", create};

DRIFTLESS_LIBRARY(&factory)
DRIFTLESS_DESCRIPTOR("../../examples/c-gain/plugin.toml")
