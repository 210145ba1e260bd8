/* SPDX-License-Identifier: MIT
 * Everything that a user can do to a running meter is an event. Scenario, control socket and command line
 * share this one type and its one parser. */
#ifndef SIM_EVENT_H
#define SIM_EVENT_H

#include <limits.h>

#include "fault.h"
#include "json.h"
#include "memory.h"
#include "network.h"
#include "point.h"
#include "value.h"

enum sim_event_kind {
    SIM_EVENT_SET,
    SIM_EVENT_TARIFF_INPUT,
    SIM_EVENT_POWER,
    SIM_EVENT_MODBUS,
    SIM_EVENT_MBUS,
    SIM_EVENT_EXPECT,
    SIM_EVENT_POWER_CUT,
    SIM_EVENT_CORRUPT,
    SIM_EVENT_PRESS,
    SIM_EVENT_SNAPSHOT,
    SIM_EVENT_LINE,
};

/* Bytes of a frame, or of two on the M-Bus; in an expected reply mask 0 matches any byte. */
#define SIM_FRAME_MAX (2 * EM_MBUS_FRAME_MAX)
struct sim_frame {
    uint16_t n;
    uint8_t byte[SIM_FRAME_MAX], mask[SIM_FRAME_MAX];
};

/* What changes about the line of a bus. */
struct sim_line {
    enum em_bus bus;
    unsigned parts; /* which parts of state */
    struct sim_fault_state state;
};

enum sim_reply { SIM_REPLY_ANY, SIM_REPLY_SILENCE, SIM_REPLY_FRAME };

/* One expected name: a value with a tolerance, or limits. */
struct sim_expectation {
    char *name;
    char *where; /* its place in the scenario */
    bool has_value, has_min, has_max, has_tolerance, relative;
    struct sim_value value;
    double tolerance; /* absolute, or a fraction if relative */
    double min, max;
};

struct sim_event {
    enum sim_event_kind kind;
    unsigned meter;                      /* 1..: the one it acts on; 0: not said */
    unsigned count;                      /* of assignments or expectations */
    struct sim_assignment *assignment;   /* SET */
    int64_t over;                        /* SET: samples of the ramp, 0 for a step */
    bool on;                             /* TARIFF_INPUT, POWER */
    struct sim_frame *request, *reply;   /* MODBUS, MBUS */
    enum sim_reply reply_kind;           /* MODBUS, MBUS */
    int64_t timeout;                     /* MODBUS, MBUS: samples for which the master waits for a reply */
    struct sim_line *line;               /* LINE */
    uint64_t after_writes;               /* POWER_CUT: the n-th write from now is cut */
    enum sim_torn torn;                  /* POWER_CUT: how much of it reaches the memory */
    enum em_nv_area area;                /* CORRUPT */
    uint32_t byte;                       /* CORRUPT */
    struct sim_expectation *expectation; /* EXPECT */
    enum em_button button;               /* PRESS */
    bool has_hold;
    int64_t hold; /* PRESS: samples; INT64_MAX: until let go of; 0: let go of */
    char *file;   /* SNAPSHOT */
    char *where;  /* place in the scenario, for messages */
};

/* Reads an event from an object; keys "at", "from" and so on are the caller's: `extra` (count of them) lists fields
 * to be read into extra_target besides. Returns NULL with js->error set. Free with sim_event_free. */
struct sim_event *sim_event_parse(struct js *js, const cJSON *object, const struct js_field *extra, size_t extra_count,
                                  void *extra_target);

void sim_event_free(struct sim_event *event);

/* Read the scenario's "grid" and "load" into the network. */
bool sim_parse_grid(struct js *js, const cJSON *value, struct sim_network *network);
bool sim_parse_load(struct js *js, const cJSON *value, struct sim_network *network);

/* Reads what stands under "line" into a zeroed *line. */
bool sim_parse_line(struct js *js, const cJSON *value, struct sim_line *line);

/* Reads bytes like "01 06 60 48", at most max, onto the end of a frame; with wildcards also "??" for any. */
bool sim_parse_frame(struct js *js, const char *text, bool wildcards, unsigned max, struct sim_frame *frame);

/* Understands "L1.current", "all.voltage", "frequency": what to assign, without a value. False with js->error set. */
bool sim_parse_path(struct js *js, const char *path, struct sim_assignment *a);

/* Range check and assignment of a plain number, as for a value read from JSON. */
bool sim_check_number(struct js *js, const struct sim_assignment *a, double number);

/* Is there anything to expect under this name? Else js->error is set. Before it may stand "meter2.", which meter that
 * is, or "sum.", all together: sim_name_meter returns the number (0 if none is said, SIM_METER_SUM) and where the plain
 * name begins. */
#define SIM_METER_SUM UINT_MAX
bool sim_parse_name(struct js *js, const char *name);
unsigned sim_name_meter(const char *name, const char **plain);

/* Is its value a text? Its unit ("kWh", "%" of an error, "" for none). For names that sim_parse_name accepts. */
bool sim_name_is_text(const char *name);
const char *sim_name_unit(const char *name);

/* The counter behind "lines.modbus.frames", and whose it is; NULL if there is none. sim_parse_counter tells why in
 * js->error, for a name that begins with SIM_LINES. */
#define SIM_LINES "lines."
const struct sim_fault_counter *sim_name_counter(const char *name, enum em_bus *bus);
bool sim_parse_counter(struct js *js, const char *name);

/* Do the meters that an event or a name speaks of exist, where there are so many? Else js->error is set. */
bool sim_event_fits(struct js *js, const struct sim_event *event, unsigned meters);
bool sim_name_fits(struct js *js, const char *name, unsigned meters);

/* Is it a frame on a bus? */
bool sim_event_is_frame(const struct sim_event *event);

/* Bytes as "01 06 60 48": n of them into text (3 * n + 1 bytes). */
void sim_frame_text(const uint8_t *byte, const uint8_t *mask, size_t n, char *text);

#endif
