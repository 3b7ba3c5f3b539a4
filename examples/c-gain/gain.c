/* Multiplies audio by a constant gain: one input pin, one output pin, no latency.

     gcc -std=gnu11 -O2 -fPIC -shared -I ../../plugin-api/c -o libexample_c_gain.so gain.c -lm
     driftless plugins --why ./libexample_c_gain.so
     driftless run gain.toml --for 5s */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "driftless.h"

typedef struct {
  const driftless_filter_table *table; /* first, so that the host finds it */
  const driftless_host *host;
  driftless_media media; /* of both pins; `major` 0 while neither is connected */
  float factor;
  uint64_t frames;
} gain;

static void destroy(void *filter) { free(filter); }

static size_t media_types(void *filter, uint32_t pin, driftless_media *types, size_t room) {
  const gain *self = filter;
  (void)pin, (void)room;
  types[0] = self->media;
  types[0].major = 1; /* audio, any rate and channels until one pin is connected */
  return 1;
}

static driftless_status connect(void *filter, uint32_t pin, const driftless_media *media,
                                driftless_reason *reason) {
  gain *self = filter;
  (void)pin;
  if (media->major != 1) {
    return driftless_refuse(reason, DRIFTLESS_TYPE_NOT_ACCEPTED, "gain takes audio only");
  }
  if (self->media.major && memcmp(media, &self->media, sizeof *media) != 0) {
    char text[128];
    snprintf(text, sizeof text, "gain takes %u Hz and %u channels here, as at its other pin",
             self->media.first, self->media.second);
    return driftless_refuse(reason, DRIFTLESS_TYPE_NOT_ACCEPTED, text);
  }
  self->media = *media;
  return DRIFTLESS_OK;
}

static void disconnect(void *filter, uint32_t pin) {
  gain *self = filter;
  (void)pin;
  memset(&self->media, 0, sizeof self->media);
}

static driftless_status receive(void *filter, uint32_t pin, driftless_sample *sample,
                                const driftless_output *output) {
  gain *self = filter;
  (void)pin;
  if (!self->media.major) {
    driftless_release(self->host, sample);
    return driftless_fail(self->host, DRIFTLESS_NOT_CONNECTED, "gain is not connected");
  }
  float *values = driftless_writable(self->host, sample);
  if (!values && sample->length) {
    driftless_release(self->host, sample);
    return driftless_fail(self->host, DRIFTLESS_FAIL, "there is no memory to copy a shared sample");
  }
  for (size_t at = 0; at < sample->length / sizeof *values; at++) values[at] *= self->factor;
  self->frames += sample->length / sizeof *values / self->media.second;
  return output->deliver(output->instance, 0, sample, output->now);
}

static size_t counters(void *filter, driftless_counter *list, size_t room) {
  const gain *self = filter;
  (void)room;
  list[0].name = "frames";
  list[0].value = self->frames;
  return 1;
}

static driftless_status latency(void *filter, uint32_t pin, int64_t *ns) {
  (void)filter, (void)pin;
  *ns = 0;
  return DRIFTLESS_OK;
}

static const driftless_latency latency_table = {sizeof latency_table, latency, NULL};

static const driftless_filter_table table = {
    .size = sizeof table,
    .destroy = destroy,
    .media_types = media_types,
    .connect = connect,
    .disconnect = disconnect,
    .receive = receive,
    .counters = counters,
    .latency = &latency_table,
};

static void *create(const driftless_setting *settings, size_t count, const driftless_host *host,
                    driftless_reason *reason) {
  const driftless_setting *decibels = driftless_setting_named(settings, count, "gain");
  gain *self = calloc(1, sizeof *self);
  if (!self || !decibels) {
    driftless_refuse(reason, DRIFTLESS_FAIL, self ? "`gain` is missing" : "there is no memory");
    free(self);
    return NULL;
  }
  self->table = &table;
  self->host = host;
  self->factor = (float)pow(10.0, decibels->number / 20.0);
  return self;
}

static const driftless_factory factory = {sizeof factory, 2, "example.c-gain", create};

DRIFTLESS_LIBRARY(&factory)
DRIFTLESS_DESCRIPTOR("plugin.toml")
