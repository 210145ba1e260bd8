/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "scene.h"

static struct js js;

static void setup(void)
{
    js = (struct js){.file = "f.json"};
}

/* Parses a text in which ' stands for ". */
static cJSON *parse(const char *text)
{
    char *json = strdup(text);
    cJSON *root;

    for (char *c = json; *c; c++)
        if (*c == '\'')
            *c = '"';
    root = js_parse(&js, json);
    free(json);
    return root;
}

/* --- times --- */

START_TEST(times_that_are_right)
{
    static const struct {
        const char *text;
        int64_t samples;
    } rows[] = {
        {"0s", 0},
        {"1s", 8000},
        {"1ms", 8},
        {"125us", 1},
        {"62us", 0},
        {"63us", 1},
        {"250ms", 2000},
        {"90s", 720000},
        {"15m", 7200000},
        {"1h", 28800000},
        {"24h", 691200000},
        {"1d", 691200000},
        {"7d", 4838400000},
        {"1h30m", 43200000},
        {"1d2h3m4s5ms125us", 691200000 + 2 * 28800000 + 3 * 480000 + 4 * 8000 + 40 + 1},
        {"3m3.5s", 1468000},
        {"0.5s", 4000},
        {"1e3ms", 8000},
        {"1.5h", 43200000},
        {"30m1h", 43200000},
        {"1s1s", 16000},
        {"00001s", 8000},
        {"364999d", 364999 * 691200000ll},
    };

    for (size_t k = 0; k < COUNT(rows); k++) {
        int64_t samples = -1;

        ck_assert_msg(js_time_text(rows[k].text, &samples), "%s", rows[k].text);
        ck_assert_msg(samples == rows[k].samples, "%s is %lld, want %lld", rows[k].text, (long long)samples,
                      (long long)rows[k].samples);
    }
}
END_TEST

START_TEST(times_that_are_wrong)
{
    static const char *const rows[] = {"",           "s",        "1",      "10",      "-1s",  "+1s",   " 1s",
                                       "1s ",        "1 s",      "1h 30m", "1x",      "1min", "1sec",  "h1",
                                       "1h30",       "1.5.5s",   "infs",   "nans",    "1ss",  "1,5s",  ".5s",
                                       "365001d",    "1e30d",    "1e999s", "1e999us", "--1s", "1s-1s", "\xC2\xB5s",
                                       "1\xC2\xB5s", "one hour", "1S",     "1H"};

    for (size_t k = 0; k < COUNT(rows); k++) {
        int64_t samples = 77;

        ck_assert_msg(!js_time_text(rows[k], &samples), "\"%s\" is taken for %lld samples", rows[k],
                      (long long)samples);
        ck_assert_int_eq(samples, 77);
    }
}
END_TEST

START_TEST(a_time_is_a_number_of_seconds_or_a_text)
{
    static const struct {
        const char *json;
        int64_t samples; /* -1: refused */
    } rows[] = {{"90", 720000}, {"0.5", 4000}, {"0", 0},      {"1e-9", 0},      {"'90s'", 720000},
                {"-1", -1},     {"'x'", -1},   {"true", -1},  {"null", -1},     {"[1]", -1},
                {"{}", -1},     {"1e300", -1}, {"1e999", -1}, {"0.0000625", 1}, {"-1e-30", -1}};

    for (size_t k = 0; k < COUNT(rows); k++) {
        int64_t samples = -1;
        cJSON *value = parse(rows[k].json);

        js.error[0] = '\0';
        ck_assert_msg(js_time(&js, value, &samples) == (rows[k].samples >= 0), "%s: %s", rows[k].json, js.error);
        ck_assert_msg(samples == rows[k].samples, "%s is %lld", rows[k].json, (long long)samples);
        cJSON_Delete(value);
    }
}
END_TEST

/* --- overrides --- */

START_TEST(overrides_that_work)
{
    static const struct {
        const char *before, *path, *value, *after;
    } rows[] = {
        {"{}", "duration", "10h", "{'duration':'10h'}"},
        {"{}", "duration", "90", "{'duration':90}"},
        {"{}", "duration", "'90s'", "{'duration':'90s'}"},
        {"{'duration':1}", "duration", "2", "{'duration':2}"},
        {"{'a':1,'b':2}", "a", "3", "{'a':3,'b':2}"},
        {"{}", "load.L1.current", "20", "{'load':{'L1':{'current':20}}}"},
        {"{'load':{'L1':{'current':1,'pf':0.5}}}", "load.L1.current", "20", "{'load':{'L1':{'current':20,'pf':0.5}}}"},
        {"{'load':{}}", "load.L1", "{'power':5}", "{'load':{'L1':{'power':5}}}"},
        {"{'t':[1,2,3]}", "t[1]", "9", "{'t':[1,9,3]}"},
        {"{'t':[{'at':1},{'at':2}]}", "t[1].at", "5m", "{'t':[{'at':1},{'at':'5m'}]}"},
        {"{'t':[{'at':1}]}", "t[0].on", "true", "{'t':[{'at':1,'on':true}]}"},
        {"{'t':[[1,2],[3,4]]}", "t[1][0]", "null", "{'t':[[1,2],[null,4]]}"},
        {"{'a':1}", "a", "", "{'a':''}"},
        {"{'a':1}", "a", "[1,2]", "{'a':[1,2]}"},
        {"{'a':1}", "a", "1 2", "{'a':'1 2'}"},
        {"{'a':1}", "A", "2", "{'a':1,'A':2}"},
        {"{'a':1}", "a", "x=y", "{'a':'x=y'}"},
        {"[1,2]", "[1]", "7", "[1,7]"},
        {"{'set':{'L1.current':1}}", "set.L1.current", "2", "{'set':{'L1.current':2}}"},
        {"{'e':{'a.b':{'tol':1}}}", "e.a.b.tol", "2", "{'e':{'a.b':{'tol':2}}}"},
        {"{'e':{'a':1,'a.b':[1]}}", "e.a.b[0]", "2", "{'e':{'a':1,'a.b':[2]}}"},
        {"{}", "f.gain_error.L1.current", "2", "{'f':{'gain_error':{'L1.current':2}}}"},
        {"{'f':{'gain_error':{'all.current':1}}}", "f.gain_error.L1.current", "2",
         "{'f':{'gain_error':{'all.current':1,'L1.current':2}}}"},
        {"{'t':[{'set':{}}]}", "t[0].set.L1.current", "2", "{'t':[{'set':{'L1.current':2}}]}"},
    };

    for (size_t k = 0; k < COUNT(rows); k++) {
        cJSON *root = parse(rows[k].before), *after = parse(rows[k].after);
        const char *why = "";
        char *value = strdup(rows[k].value), *got;

        for (char *c = value; *c; c++)
            if (*c == '\'')
                *c = '"';
        ck_assert_msg(js_override(root, rows[k].path, value, &why), "%s=%s: %s", rows[k].path, rows[k].value, why);
        got = cJSON_PrintUnformatted(root);
        ck_assert_msg(cJSON_Compare(root, after, true), "%s=%s: %s, want %s", rows[k].path, rows[k].value, got,
                      rows[k].after);
        free(got);
        free(value);
        cJSON_Delete(root);
        cJSON_Delete(after);
    }
}
END_TEST

START_TEST(overrides_that_lead_nowhere)
{
    static const struct {
        const char *before, *path;
    } rows[] = {
        {"{}", ""},
        {"{}", "."},
        {"{}", ".a"},
        {"{}", "a..b"},
        {"{}", "a[0]"},
        {"{}", "a[0].b"},
        {"{}", "[0]"},
        {"{'a':1}", "a.b"},
        {"{'a':'x'}", "a.b.c"},
        {"{'a':[]}", "a[0]"},
        {"{'a':[1,2]}", "a[2]"},
        {"{'a':[1,2]}", "a[-1]"},
        {"{'a':[1,2]}", "a[x]"},
        {"{'a':[1,2]}", "a[1"},
        {"{'a':[1,2]}", "a["},
        {"{'a':[1,2]}", "a.b"},
        {"{'a':[1,2]}", "a[1.5]"},
        {"{'a':{'b':1}}", "a[0]"},
        {"[1]", "a"},
        {"5", "a"},
    };

    for (size_t k = 0; k < COUNT(rows); k++) {
        cJSON *root = parse(rows[k].before);
        const char *why = NULL;

        ck_assert_msg(!js_override(root, rows[k].path, "7", &why), "%s in %s", rows[k].path, rows[k].before);
        ck_assert_ptr_nonnull(why);
        ck_assert(*why);
        cJSON_Delete(root);
    }
}
END_TEST

START_TEST(an_index_that_no_int_holds_is_no_place)
{
    static const char *const paths[] = {"a[4294967296]", "a[99999999999999999999]", "a[]", "a[ 0]", "a[+0]"};

    for (size_t k = 0; k < COUNT(paths); k++) {
        cJSON *root = parse("{'a':[1,2]}");
        const char *why;

        ck_assert_msg(!js_override(root, paths[k], "7", &why), "%s", paths[k]);
        cJSON_Delete(root);
    }
}
END_TEST

/* --- nearest words --- */

START_TEST(the_nearest_word)
{
    static const char *const words[] = {"current", "angle", "pf", "kind", "power", "reactive", "harmonics", NULL};
    static const struct {
        const char *word, *nearest; /* NULL: none is near enough */
    } rows[] = {
        {"current", "current"},  {"curent", "current"},
        {"Current", "current"},  {"CURRENT", "current"},
        {"currnet", "current"},  {"angel", "angle"},
        {"reactve", "reactive"}, {"harmonic", "harmonics"},
        {"pff", "pf"},           {"p", "pf"},
        {"powr", "power"},       {"zzzzzz", NULL},
        {"frequency", NULL},     {"tariff_input", NULL},
        {"knid", "kind"},
    };
    char huge[200];

    for (size_t k = 0; k < COUNT(rows); k++) {
        const char *got = js_nearest(rows[k].word, js_word_entry, words);

        ck_assert_msg(rows[k].nearest ? got && strcmp(got, rows[k].nearest) == 0 : !got, "%s: %s, want %s",
                      rows[k].word, got ? got : "none", rows[k].nearest ? rows[k].nearest : "none");
    }
    memset(huge, 'c', sizeof huge);
    huge[sizeof huge - 1] = '\0';
    ck_assert_ptr_null(js_nearest(huge, js_word_entry, words));
}
END_TEST

START_TEST(every_register_is_nearest_to_itself_and_to_a_slip_of_it)
{
    for (size_t k = 0; k < em_register_count; k++) {
        const char *name = em_registers[k].name;
        char slip[80];

        if (!name)
            continue;
        UNIT_CHECK(sim_register_nearest(name) && strcmp(sim_register_nearest(name), name) == 0, "%s", name);
        snprintf(slip, sizeof slip, "%s_", name);
        UNIT_CHECK(sim_register_nearest(slip) && strcmp(sim_register_nearest(slip), name) == 0, "%s is near to %s",
                   slip, sim_register_nearest(slip));
    }
    ck_assert_ptr_null(sim_register_nearest("nothing of the kind whatsoever"));
}
END_TEST

/* --- messages --- */

START_TEST(only_the_first_error_is_kept)
{
    ck_assert(!js_fail(&js, "first %d", 1));
    ck_assert(!js_fail(&js, "second"));
    ck_assert_str_eq(js.error, "f.json: first 1");
}
END_TEST

START_TEST(a_path_is_gone_into_and_left)
{
    size_t a = js_enter_key(&js, "timeline"), b = js_enter_index(&js, 3), c = js_enter_key(&js, "set");

    ck_assert_str_eq(js.path, "timeline[3].set");
    js_leave(&js, c);
    ck_assert_str_eq(js.path, "timeline[3]");
    js_leave(&js, b);
    js_fail(&js, "x");
    ck_assert_str_eq(js.error, "f.json: timeline: x");
    js_leave(&js, a);
    ck_assert_str_eq(js.path, "");
}
END_TEST

START_TEST(a_very_long_path_and_message_are_cut)
{
    char key[600];
    size_t first;

    memset(key, 'k', sizeof key);
    key[sizeof key - 1] = '\0';
    first = js_enter_key(&js, "a");
    for (int k = 0; k < 100; k++) {
        js_enter_key(&js, key);
        js_enter_index(&js, 1000000);
    }
    ck_assert_uint_lt(strlen(js.path), sizeof js.path);
    js_fail(&js, "%s", key);
    ck_assert_uint_lt(strlen(js.error), sizeof js.error);
    ck_assert(strncmp(js.error, "f.json: a.kkk", 13) == 0);
    js_leave(&js, first);
    ck_assert_str_eq(js.path, "");
}
END_TEST

START_TEST(what_is_not_json_is_told_with_line_and_column)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"{\n  'a': 1,\n}", "f.json: line 3, column "} /* cJSON stands behind the brace */,
        {"{'a' 1}", "f.json: line 1, column 6: this is not JSON"},
        {"", "f.json: line 1, column 1: this is not JSON"},
        {"{'a': 1} x", "f.json: line 1, column 10: this is not JSON"},
        {"{'a': 1} // x", "f.json: line 1, column 10: this is not JSON; it has no // comments"},
    };

    for (size_t k = 0; k < COUNT(rows); k++) {
        js.error[0] = '\0';
        ck_assert_ptr_null(parse(rows[k].text));
        ck_assert_msg(strncmp(js.error, rows[k].message, strlen(rows[k].message)) == 0, "%s: %s, want %s", rows[k].text,
                      js.error, rows[k].message);
    }
}
END_TEST

START_TEST(a_missing_file_is_told)
{
    bool missing = false;

    ck_assert_ptr_null(js_parse_file(&js, "/nowhere/at all.json", &missing));
    ck_assert(missing);
    ck_assert_str_eq(js.error, "/nowhere/at all.json: No such file or directory");
}
END_TEST

START_TEST(a_folder_is_no_file)
{
    bool missing = false;

    ck_assert_ptr_null(js_parse_file(&js, "/tmp", &missing));
    ck_assert_msg(strncmp(js.error, "/tmp: ", 6) == 0, "%s", js.error);
}
END_TEST

/* Messages of whole scenarios: the place, and a word of what is wrong. How they read is tests/scenario's business. */
START_TEST(a_refused_scenario_says_where_and_what)
{
    static const struct {
        const char *text, *place, *what;
    } rows[] = {
        {"[]", "", "an object"},
        {"{}", "", "\"duration\" is missing"},
        {"{'duration':'1 s'}", "duration", "no time"},
        {"{'duration':-1}", "duration", "-1 is out of range"},
        {"{'duration':null}", "duration", "null"},
        {"{'duratoin':1}", "", "did you mean \"duration\"?"},
        {"{'duration':1,'duration':2}", "", "twice"},
        {"{'duration':1,'name':5}", "name", "must be a text"},
        {"{'duration':1,'seed':-1}", "seed", "out of range"},
        {"{'duration':1,'meter':{'tariff':5}}", "meter.tariff", "allowed is 1 to 4"},
        {"{'duration':1,'meter':{'tariff':1.5}}", "meter.tariff", "whole number"},
        {"{'duration':1,'meter':{'tariff':'1'}}", "meter.tariff", "must be a number"},
        {"{'duration':1,'meter':{'serial_number':'1234567'}}", "meter.serial_number", "8 digits"},
        {"{'duration':1,'meter':{'modbus_baud':1201}}", "meter.modbus_baud", "9600"},
        {"{'duration':1,'meter':{'mbus_baud':19200}}", "meter.mbus_baud", "9600"},
        {"{'duration':1,'meter':{'modbus_parity':'evn'}}", "meter.modbus_parity", "\"even\", \"none\", \"odd\""},
        {"{'duration':1,'meter':{'s0_rate':999}}", "meter.s0_rate", "1000"},
        {"{'duration':1,'meter':{'energy':{'total_active_energy':1}}}", "meter.energy.total_active_energy", "sum"},
        {"{'duration':1,'meter':{'energy':{'t1_forward_active_energy':-1}}}", "meter.energy.t1_forward_active_energy",
         "999999.999"},
        {"{'duration':1,'meter':{'energy':{'l1_voltage':1}}}", "meter.energy", "l1_voltage"},
        {"{'duration':1,'ct':'5/100'}", "ct", "5/100"},
        {"{'duration':1,'ct':'100/2'}", "ct", "1 or 5"},
        {"{'duration':1,'ct':'100/5 '}", "ct", "100/5 "},
        {"{'duration':1,'grid':{'frequency':39.9}}", "grid.frequency", "allowed is 40 to 70"},
        {"{'duration':1,'grid':{'L1':{'volts':1}}}", "grid.L1", "volts"},
        {"{'duration':1,'grid':{'all':{'voltage':1}}}", "grid", "all"},
        {"{'duration':1,'load':{'all':{'current':1,'power':1}}}", "load.all", "not both"},
        {"{'duration':1,'load':{'L2':{'angle':1,'pf':1}}}", "load.L2", "not both"},
        {"{'duration':1,'load':{'L2':5}}", "load.L2", "an object"},
        {"{'duration':1,'load':{'L2':{'harmonics':[[41,1,1]]}}}", "load.L2.harmonics[0]", "2 to 40"},
        {"{'duration':1,'load':{'L2':{'harmonics':[[2,1]]}}}", "load.L2.harmonics[0]", "percent"},
        {"{'duration':1,'load':{'L2':{'harmonics':[[3,1,1],[3,2,2]]}}}", "load.L2.harmonics[1]", "twice"},
        {"{'duration':1,'timeline':{}}", "timeline", "a list"},
        {"{'duration':1,'timeline':[5]}", "timeline[0]", "an object"},
        {"{'duration':1,'timeline':[{'at':2,'power':true}]}", "timeline[0].at", "end of the scenario"},
        {"{'duration':1,'timeline':[{'at':0}]}", "timeline[0]", "just one of"},
        {"{'duration':1,'timeline':[{'power':true}]}", "timeline[0]", "\"at\" is missing"},
        {"{'duration':1,'timeline':[{'at':0,'sett':{}}]}", "timeline[0]", "did you mean \"set\"?"},
        {"{'duration':1,'timeline':[{'at':0,'set':{}}]}", "timeline[0].set", "an object like"},
        {"{'duration':1,'timeline':[{'at':0,'set':{'L4.current':1}}]}", "timeline[0].set", "L4.current"},
        {"{'duration':1,'timeline':[{'at':0,'set':{'L1.current':1,'L1.current':2}}]}", "timeline[0].set", "twice"},
        {"{'duration':1,'timeline':[{'at':0,'set':{'L1.current':'x'}}]}", "timeline[0].set.L1.current", "a number"},
        {"{'duration':1,'timeline':[{'at':0,'expect':{'l1_voltag':230}}]}", "timeline[0].expect", "\"l1_voltage\""},
        {"{'duration':1,'timeline':[{'at':0,'expect':{'reference.tariff':1}}]}", "timeline[0].expect", "no reference"},
        {"{'duration':1,'timeline':[{'at':0,'expect':{'l1_voltage':{'tol':1}}}]}", "timeline[0].expect.l1_voltage",
         "\"value\""},
        {"{'duration':1,'timeline':[{'at':0,'expect':{'l1_voltage':'230'}}]}", "timeline[0].expect.l1_voltage",
         "number"},
        {"{'duration':1,'timeline':[{'at':0,'expect':{'ct_ratio':5}}]}", "timeline[0].expect.ct_ratio", "text"},
        {"{'duration':1,'timeline':[{'at':0,'expect':{'l1_voltage':{'value':1,'tol':'1'}}}]}",
         "timeline[0].expect.l1_voltage.tol", "no tolerance"},
        {"{'duration':1,'timeline':[{'at':0,'modbus':'01 3'}]}", "timeline[0].modbus", "\"3\" is not a byte"},
        {"{'duration':1,'timeline':[{'at':0,'modbus':'01'}]}", "timeline[0].modbus", "at least"},
        {"{'duration':1,'timeline':[{'at':0,'power':true,'reply':null}]}", "timeline[0]", "\"reply\""},
        {"{'duration':1,'timeline':[{'at':0,'power':true,'over':1}]}", "timeline[0]", "\"over\""},
        {"{'duration':1,'timeline':[{'at':0,'set':{'L1.kind':'inductive'},'over':1}]}", "timeline[0]", "\"kind\""},
        {"{'duration':1,'timeline':[{'every':0,'do':[]}]}", "timeline[0]", "longer than 0"},
        {"{'duration':1,'timeline':[{'every':1,'do':[{'at':0,'every':1,'do':[]}]}]}", "timeline[0].do[0]", "every"},
        {"{'duration':1,'timeline':[{'every':1,'times':0,'do':[]}]}", "timeline[0].times", "allowed is 1 to"},
        {"{'timeline':[{'every':1,'do':[{'at':0,'power':true}]}]}", "", "\"duration\" is missing"},
        {"{'duration':1,'timeline':[{'every':1,'do':[{'at':0,'power':1}]}]}", "timeline[0].do[0].power",
         "true or false"},
        {"{'duration':1,'timeline':[{'at':0,'corrupt':{'area':'settings','byte':4095}}]}", "timeline[0].corrupt",
         "outside"},
        {"{'duration':1,'profile':{'csv':'no.csv','time':'t','columns':{'a':'frequency'}}}", "profile.csv", "no.csv"},
        {"{'duration':1,'front_end':{'gain_error':{'L1.pf':0}}}", "front_end.gain_error", "no channel"},
    };

    for (size_t k = 0; k < COUNT(rows); k++) {
        const char *error = scene_refused(rows[k].text);
        char start[400];

        snprintf(start, sizeof start, "%s: %s%s", scene_path("scene.json"), rows[k].place, *rows[k].place ? ": " : "");
        ck_assert_msg(strncmp(error, start, strlen(start)) == 0, "%s: \"%s\" does not begin with \"%s\"", rows[k].text,
                      error, start);
        ck_assert_msg(strstr(error + strlen(start), rows[k].what) != NULL, "%s: nothing of \"%s\" in \"%s\"",
                      rows[k].text, rows[k].what, error);
    }
}
END_TEST

/* The lines of a load profile are counted from 1, its header. */
START_TEST(a_refused_profile_says_in_which_line)
{
    static const struct {
        const char *csv, *what;
    } rows[] = {
        {"", "empty"},
        {"t,x\n0,1\n", "no column \"p\""},
        {"x,p\n0,1\n", "no column \"t\""},
        {"t,p\n", "no rows"},
        {"t,p\n\n \r\n", "no rows"},
        {"t,p\n0,n/a\n", "bad.csv:2: \"n/a\""},
        {"t,p\n0,1\n\n1,\n", "bad.csv:4: \"\""},
        {"t,p\n0,1\n1\n", "bad.csv:3: "},
        {"t,p\n0,1\n0,2\n", "bad.csv:3: "},
        {"t,p\n5,1\n1,2\n", "bad.csv:3: "},
        {"t,p\n-1,1\n", "bad.csv:2: "},
        {"t,p\n0,inf\n", "bad.csv:2: \"inf\""},
        {"t,p\n0,nan\n", "bad.csv:2: \"nan\""},
        {"t,p\n0,1e10\n", "bad.csv:2: "},
        {"t,p\n1e11,1\n", "bad.csv:2: "},
        {"t,p\n0,1;2\n", "bad.csv:2: \"1;2\""},
    };

    for (size_t k = 0; k < COUNT(rows); k++) {
        const char *error;

        scene_text("bad.csv", rows[k].csv);
        error = scene_refused("{'duration':1,'profile':{'csv':'bad.csv','time':'t','columns':{'p':'L1.power'}}}");
        ck_assert_msg(strstr(error, "profile") && strstr(error, rows[k].what), "row %zu: %s", k, error);
    }
}
END_TEST

/* Kinds share the count of an event; the second one must not be read. */
START_TEST(an_event_of_two_kinds_is_refused)
{
    static const char *const kinds[] = {"'set':{'L1.current':1,'L2.current':1,'L3.current':1}",
                                        "'tariff_input':true",
                                        "'power':false",
                                        "'modbus':'01 03'",
                                        "'expect':{'l1_voltage':230}",
                                        "'power_cut':{'after_writes':1}",
                                        "'corrupt':{'area':'settings','byte':0}"};

    for (size_t a = 0; a < COUNT(kinds); a++) {
        for (size_t b = 0; b < COUNT(kinds); b++) {
            char text[400];

            if (a == b)
                continue;
            snprintf(text, sizeof text, "{'duration':1,'timeline':[{'at':0,%s,%s}]}", kinds[a], kinds[b]);
            ck_assert_msg(strstr(scene_refused(text), "timeline[0]: an event is just one of") != NULL, "%s", text);
        }
    }
}
END_TEST

START_TEST(a_repetition_that_ends_beyond_all_time_is_refused)
{
    scene_refused("{'timeline':[{'every':'300000d','times':1000000000,'do':[{'at':0,'power':true}]}]}");
}
END_TEST

START_TEST(texts_that_no_value_can_be_are_refused)
{
    scene_refused("{'duration':1,'timeline':[{'at':0,'expect':{'meter_code':'1\\'3'}}]}");
    scene_refused("{'duration':1,'timeline':[{'at':0,'expect':{'meter_code':'\\u0001'}}]}");
    scene_refused("{'duration':1,'timeline':[{'at':0,'expect':{'meter_code':'\\\\'}}]}");
    scene_refused("{'duration':1,'timeline':[{'at':0,'expect':{'meter_code':'"
                  "0123456789012345678901234567890123456789012345678901234567890123'}}]}");
}
END_TEST

START_TEST(a_request_has_at_most_256_bytes)
{
    for (int n = 255; n <= 258; n++) {
        char text[1000] = "{'duration':1,'timeline':[{'at':0,'modbus':'";
        struct scene scene;

        for (int k = 0; k < n; k++)
            strcat(text, "5A ");
        strcat(text, "','reply':null}]}");
        if (n > 256) {
            ck_assert(strstr(scene_refused(text), "at most 256") != NULL);
            continue;
        }
        scene_open(&scene, text);
        ck_assert_uint_eq(scene.scenario->timed[0].event->request->n, n);
        scene_run(&scene, 1);
        ck_assert_uint_eq(scene.sim->results.failed, 0);
        scene_close(&scene);
    }
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
    static char text[200001];

    memset(text, '[', sizeof text - 1);
    scene_refused(text);
    for (size_t k = 0; k + 5 < sizeof text; k += 5)
        memcpy(text + k, "{'a':", 5);
    scene_refused(text);
}
END_TEST

/* The harness's own quick look at a right one, so that the rows above are refused for what they say. */
START_TEST(a_right_scenario_is_taken)
{
    struct scene scene;

    scene_open(&scene, "{'duration':1,'ct':'100/5','meter':{'modbus_parity':'odd','energy':{'t1_forward_active_energy':"
                       "1.5}},'load':{'all':{'current':1,'pf':1}},'timeline':[{'at':1,'expect':{'tariff':1}}]}");
    ck_assert_int_eq(scene.scenario->duration, 8000);
    ck_assert(scene.scenario->setup->network.ct_ratio == 20);
    scene_close(&scene);
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("json");
    TCase *values = unit_case(suite, "values"), *messages = scene_case(suite, "messages");

    tcase_add_checked_fixture(values, setup, NULL);
    tcase_add_test(values, times_that_are_right);
    tcase_add_test(values, times_that_are_wrong);
    tcase_add_test(values, a_time_is_a_number_of_seconds_or_a_text);
    tcase_add_test(values, overrides_that_work);
    tcase_add_test(values, overrides_that_lead_nowhere);
    tcase_add_test(values, an_index_that_no_int_holds_is_no_place);
    tcase_add_test(values, the_nearest_word);
    tcase_add_test(values, every_register_is_nearest_to_itself_and_to_a_slip_of_it);
    tcase_add_test(values, only_the_first_error_is_kept);
    tcase_add_test(values, a_path_is_gone_into_and_left);
    tcase_add_test(values, a_very_long_path_and_message_are_cut);
    tcase_add_test(values, what_is_not_json_is_told_with_line_and_column);
    tcase_add_test(values, a_missing_file_is_told);
    tcase_add_test(values, a_folder_is_no_file);
    tcase_add_test(messages, a_refused_scenario_says_where_and_what);
    tcase_add_test(messages, a_refused_profile_says_in_which_line);
    tcase_add_test(messages, an_event_of_two_kinds_is_refused);
    tcase_add_test(messages, a_repetition_that_ends_beyond_all_time_is_refused);
    tcase_add_test(messages, texts_that_no_value_can_be_are_refused);
    tcase_add_test(messages, a_request_has_at_most_256_bytes);
    tcase_add_test(messages, deep_nesting_is_refused);
    tcase_add_test(messages, a_right_scenario_is_taken);
    return suite;
}
