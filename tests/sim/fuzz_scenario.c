/* SPDX-License-Identifier: MIT
 * Scenario files full of mistakes: the examples and some short scenarios, mutated as text and as trees. None may crash
 * the parser, every refusal says in which file, and what is taken and short runs to its end.
 *
 * Every round depends on its number only. VMETER_FUZZ=NUMBER runs and prints just that round; VMETER_FUZZ_ROUNDS=N runs
 * so many instead of the usual. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "file.h"
#include "report.h"
#include "scene.h"

#define BATCHES     50
#define ROUNDS      40000 /* in all batches */
#define SEEDS_MAX   64
#define TEXT_MAX    400000
#define CPU_SECONDS 45 /* of a batch, when a machine is very slow */

/* Short ones, for the round trips; together they know every key and event. ' stands for ". */
static const char *const shorts[] = {
    "{'duration':'0.4s','seed':3,'meter':{'serial_number':'00000001','ct_ratio':'100/5','combination_code':5,"
    "'tariff':2,'modbus_id':7,'modbus_baud':19200,'modbus_parity':'none','mbus_address':3,'mbus_id':'12345678',"
    "'mbus_baud':300,'s0_rate':0.1,'pulse_width':99,'pulse_type':2,'password':'1234','lcd_cycle_time':30,"
    "'power_down_counter':5,'data_type':2,'screen_direction':1,'obis_code_display':1,'backlight':3,'energy':{"
    "'t1_forward_active_energy':123.456,'l3_reverse_reactive_energy':1,'q3_reactive_energy':4,"
    "'resettable_day_counter':-5,'ct3_t2_forward_active_energy':1}},'ct':'200/5'}",
    "{'duration':'0.5s','grid':{'frequency':49.9,'voltage':231,'harmonics':[[3,5,10]],'L1':{'voltage':229,'angle':1,"
    "'harmonics':[[5,1,2],[40,1,-360]]},'L2':{'angle':-119},'L3':{'harmonics':[]}},'load':{'all':{'current':5,"
    "'pf':0.9,'kind':'capacitive'},'L1':{'power':1000,'reactive':-20,'harmonics':[[7,10,0]]},'L2':{'current':3,"
    "'angle':40}},'front_end':{'noise':2.5,'gain_error':{'L1.voltage':0.1,'all.current':-0.1},'phase_error':{"
    "'L3.current':10},'offset':{'all.current':30},'adc_bits':12,'transformer':[[0.1,-0.01,1],[2,0.01,-1]]}}",
    "{'duration':'0.6s','load':{'all':{'current':3}},'timeline':[{'at':0,'set':{'frequency':50.5,'all.voltage':200,"
    "'L1.voltage_angle':10,'L2.current':4,'L3.angle':30},'over':'0.3s'},{'at':'100ms','set':{'L1.pf':0.4,"
    "'L1.kind':'inductive','L2.power':100,'L2.reactive':5,'L3.current_harmonics':[[3,20,0]],"
    "'all.voltage_harmonics':[]}},{'at':'0.1s','tariff_input':true},{'at':'0.2s','power':false},{'at':'0.4s',"
    "'power':true},{'at':'0.3s','expect':{'l1_voltage':{'value':230,'tol':'1%'},'tariff':2,'ct_ratio':'5/5',"
    "'reference.l1_current':{'min':0,'max':5},'error_percent.l1_voltage':0,'pulses.led':{'min':0}}}]}",
    "{'duration':'0.3s','timeline':[{'at':0,'modbus':'01 03 60 48 00 01','reply':'01 03 02 00 01'},{'at':0.1,"
    "'modbus':'01 06 60 48 00 02','reply':'01 06 60 48 00 \?\?'},{'at':0.1,"
    "'modbus':'01 10 40 0D 00 02 04 46 1C 40 00'},{'at':0.2,'modbus':'02 03 60 48 00 01','reply':null},{'at':0.2,"
    "'power_cut':{'after_writes':3,'torn':'half'}},{'at':0.21,'corrupt':{'area':'energy_main','byte':17}},{'at':0.22,"
    "'modbus':'01 06 60 48 00 03'},{'every':0.05,'from':'10ms','times':4,'do':[{'at':0,'tariff_input':true},{"
    "'at':'0.02s','tariff_input':false}]}]}",
    "{'duration':'0.3s','timeline':[{'at':0,'line':{'bus':'modbus','bit_errors':1e-3,'drop':0.01,'delay':'30ms','echo':"
    "true,'second_talker':'01 03 02','cut':false}},{'at':0,'modbus':'01 03 50 00 00 "
    "20','timeout':'10ms','reply':null},{"
    "'at':0.1,'line':{'bus':'mbus','second_talker':null,'bit_errors':0.5}},{'at':0.1,'mbus':'10 7b 00 7b "
    "16'},{'at':0.2,"
    "'line':{'bus':'modbus','clean':true}},{'at':0.2,'modbus':'01 03 50 00 00 20'},{'at':0.3,'expect':{"
    "'lines.modbus.frames':2,'lines.mbus.bits_flipped':{'min':1}}}]}",
    "{'timeline':[{'at':0,'power':true},{'every':'300d','times':5,'do':[{'at':0,'power':true}]}]}",
    "{'duration':'0.5s','profile':{'csv':'short.csv','time':'t','columns':{'p':'L1.power','u':'all.voltage'},"
    "'interpolate':'linear'}}",
    "{'duration':'0.3s','waveform':{'comtrade':'recorded-drive.cff','channels':{'U1':'L1.voltage','I2':'all.current'},"
    "'scale':{'U1':-0.5,'I2':2},'values':'primary','at':0.1,'from':'20ms','length':'0.1s','repeat':true},'front_end':{"
    "'phase_error':{'L2.current':1}}}",
    "{'duration':'0.3s','waveform':{'wav':'recorded-dip.wav','channels':{'1':'L1.voltage','2':'L2.current'},'scale':"
    "{'1':400,'2':40}},'timeline':[{'at':0.1,'set':{'L1.voltage':200}}]}",
    "{'duration':'0.5s','profile':{'csv':'household-day.csv','time':'time_s','columns':{'active_w':'L1.power',"
    "'voltage_v':'L1.voltage'}}}",
};

/* Numbers and texts at which programs break, with | between them; texts as they stand in JSON. */
static const char numbers[] =
    "0|-0|1|-1|0.5|2|3|7|8|255|256|2147483647|2147483648|-2147483649|4294967296|9007199254740993|"
    "9223372036854775807|9223372036854775808|1e18|1e19|-1e19|1e308|1e309|-1e309|5e-324|1e-300|1e-170|"
    "0.000125|0.0001|3.1536e10|31536000001|1e9|1e6|600|360|-360|1e-9|0.1|40|70|"
    "123456789012345678901234567890";
static const char texts[] =
    "|x|0|0s|125us|1us|0.3s|365000d|1e9d|-1s|nan|inf|infs|1e999s|0x10s|%s%s%n|1%|inf%|nan%|-1%|100/5|0/0|"
    "99999/1|5/5x|/|short.csv|household-day.csv|..|/|/dev/null|L1.current|all.power|frequency|all.kind|"
    "even|half|settings|linear|01 03 50 02 00 02|\?\?|0|01 10 40 0D 00 02 04|reference.l1_voltage|"
    "error_percent.tariff|pulses.s0_1|l1_voltage|\\u0000|\\ud800|\\n|\\\\|\\\"|\xC3\xA9|\xFF\xFE|"
    "12345678|1234";

static struct {
    size_t count;
    char *text[SEEDS_MAX];
    cJSON *tree[SEEDS_MAX];
} corpus;

/* --- The corpus --- */

static char *read_all(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, TEXT_MAX);
    size_t n;

    if (!f || !text)
        abort();
    n = fread(text, 1, TEXT_MAX - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

static void add_seed(char *text)
{
    if (corpus.count == SEEDS_MAX)
        abort();
    corpus.text[corpus.count] = text;
    corpus.tree[corpus.count++] = cJSON_Parse(text);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void load_examples(void)
{
    DIR *dir = opendir(SCENE_EXAMPLES);
    struct dirent *entry;
    char *name[SEEDS_MAX], path[600];
    size_t count = 0;

    while (dir && count < SEEDS_MAX && (entry = readdir(dir)))
        if (strstr(entry->d_name, ".json"))
            name[count++] = strdup(entry->d_name);
    if (dir)
        closedir(dir);
    qsort(name, count, sizeof *name, by_name);
    for (size_t k = 0; k < count; k++) {
        snprintf(path, sizeof path, "%s/%.280s", SCENE_EXAMPLES, name[k]);
        add_seed(read_all(path));
        free(name[k]);
    }
}

static void load_corpus(void)
{
    for (size_t k = 0; k < COUNT(shorts); k++) {
        char *text = strdup(shorts[k]);

        for (char *c = text; *c; c++)
            if (*c == '\'')
                *c = '"';
        add_seed(text);
    }
    load_examples();
}

static void free_corpus(void)
{
    for (size_t k = 0; k < corpus.count; k++) {
        free(corpus.text[k]);
        cJSON_Delete(corpus.tree[k]);
    }
    corpus.count = 0;
}

/* --- Mutations of text --- */

struct text {
    char *at;
    size_t n; /* without the zero at the end */
};

static size_t below(uint64_t *seed, size_t n)
{
    return n ? (size_t)(unit_random(seed) % n) : 0;
}

/* One of a list. */
static const char *pick(const char *list, uint64_t *seed)
{
    static char word[64];
    size_t count = 1, k;

    for (const char *c = list; *c; c++)
        count += *c == '|';
    for (k = below(seed, count); k; k--)
        list = strchr(list, '|') + 1;
    snprintf(word, sizeof word, "%.*s", (int)strcspn(list, "|"), list);
    return word;
}

/* Puts `with` in the place of n bytes at `at`, if there is room. */
static void splice(struct text *t, size_t at, size_t n, const char *with, size_t length)
{
    if (t->n - n + length >= TEXT_MAX)
        return;
    memmove(t->at + at + length, t->at + at + n, t->n - at - n + 1);
    memcpy(t->at + at, with, length);
    t->n += length - n;
}

/* The next token from `at` on: its length, *at moved to its start. */
static size_t token_at(const struct text *t, size_t *at)
{
    static const char plain[] = " \t\r\n,:{}[]\"";
    size_t n;

    *at += strspn(t->at + *at, " \t\r\n");
    if (*at >= t->n)
        return 0;
    if (t->at[*at] == '"') {
        for (n = 1; t->at[*at + n] && t->at[*at + n] != '"'; n++)
            n += t->at[*at + n] == '\\' && t->at[*at + n + 1];
        return t->at[*at + n] ? n + 1 : n;
    }
    n = strcspn(t->at + *at, plain);
    return n ? n : 1;
}

static size_t random_token(const struct text *t, uint64_t *seed, size_t *at)
{
    *at = below(seed, t->n);
    if (t->at[*at] != '"')
        *at += strcspn(t->at + *at, " ,:{}[]\"");
    return token_at(t, at);
}

static void swap_token(struct text *t, uint64_t *seed)
{
    const char *other = corpus.text[below(seed, corpus.count)];
    struct text from = {(char *)other, strlen(other)};
    char copy[300];
    size_t source, target, n = random_token(&from, seed, &source), m = random_token(t, seed, &target);

    if (n > sizeof copy)
        return;
    memcpy(copy, from.at + source, n);
    splice(t, target, m, copy, n);
}

static void extreme_token(struct text *t, uint64_t *seed)
{
    size_t at, n = random_token(t, seed, &at);
    const char *number = pick(numbers, seed);

    splice(t, at, n, number, strlen(number));
}

static void huge_token(struct text *t, uint64_t *seed)
{
    static char huge[70002];
    size_t at, n = random_token(t, seed, &at), size = 2 + below(seed, unit_random(seed) % 4 ? 700 : 70000);

    memset(huge, "aL.0[\\ %"[below(seed, 8)], size);
    huge[0] = huge[size - 1] = '"';
    splice(t, at, n, huge, size);
}

static void nest(struct text *t, uint64_t *seed)
{
    static char nested[12000];
    size_t at, n = random_token(t, seed, &at), depth = 1 + below(seed, 2000), size = 0;
    bool object = unit_random(seed) % 2;

    for (size_t k = 0; k < depth; k++, size += object ? 5 : 1)
        memcpy(nested + size, object ? "{\"a\":" : "[", object ? 5 : 1);
    if (unit_random(seed) % 2 && 2 * depth + 1 < sizeof nested - size) {
        nested[size++] = '1';
        memset(nested + size, object ? '}' : ']', depth);
        size += depth;
    }
    splice(t, at, n, nested, size);
}

static void mutate_text(struct text *t, uint64_t *seed)
{
    size_t at = below(seed, t->n), n = below(seed, t->n - at < 40 ? t->n - at : 40);
    char byte = (char)unit_random(seed), copy[40];

    switch (unit_random(seed) % 12) {
    case 0:
        if (t->n)
            t->at[at] ^= (char)(1 << (byte & 7));
        break;
    case 1:
        splice(t, at, t->n ? 1 : 0, &byte, 1);
        break;
    case 2:
        splice(t, at, 0, &byte, 1);
        break;
    case 3:
        splice(t, at, n, "", 0);
        break;
    case 4:
        memcpy(copy, t->at + at, n);
        splice(t, below(seed, t->n), 0, copy, n);
        break;
    case 5:
        splice(t, at, unit_random(seed) % 4 ? 0 : t->n - at, "", 0);
        break;
    case 6:
    case 7:
        swap_token(t, seed);
        break;
    case 8:
    case 9:
        extreme_token(t, seed);
        break;
    case 10:
        huge_token(t, seed);
        break;
    default:
        nest(t, seed);
        break;
    }
}

/* --- Mutations of trees --- */

static size_t count_nodes(const cJSON *node)
{
    const cJSON *child;
    size_t n = 1;

    cJSON_ArrayForEach(child, node) n += count_nodes(child);
    return n;
}

/* The k-th node in file order, 0 is the root; NULL behind the last. */
static cJSON *node_at(cJSON *node, size_t *k)
{
    cJSON *child, *found;

    if ((*k)-- == 0)
        return node;
    cJSON_ArrayForEach(child, node)
    {
        found = node_at(child, k);
        if (found)
            return found;
    }
    return NULL;
}

static cJSON *random_node(cJSON *tree, uint64_t *seed)
{
    size_t k = below(seed, count_nodes(tree));

    return node_at(tree, &k);
}

static cJSON *random_tree(uint64_t *seed)
{
    cJSON *tree;

    do
        tree = corpus.tree[below(seed, unit_random(seed) % 2 ? COUNT(shorts) : corpus.count)];
    while (!tree);
    return tree;
}

/* A value from anywhere. */
static cJSON *random_value(uint64_t *seed)
{
    double number;

    switch (unit_random(seed) % 8) {
    case 0:
    case 1:
        return cJSON_CreateRaw(pick(numbers, seed));
    case 2: {
        char raw[80];

        snprintf(raw, sizeof raw, "\"%s\"", pick(texts, seed));
        return cJSON_CreateRaw(raw);
    }
    case 3:
        number = (double)(int64_t)unit_random(seed);
        return cJSON_CreateNumber(ldexp(number, -(int)below(seed, 64)));
    case 4:
        return unit_random(seed) % 2 ? cJSON_CreateNull() : cJSON_CreateBool(unit_random(seed) % 2);
    default:
        return cJSON_Duplicate(random_node(random_tree(seed), seed), true);
    }
}

static const char *random_key(uint64_t *seed)
{
    for (int k = 0; k < 50; k++) {
        const cJSON *node = random_node(random_tree(seed), seed);

        if (node->string)
            return node->string;
    }
    return pick(texts, seed);
}

static void rename_key(cJSON *node, const char *key)
{
    if (node->string && !(node->type & cJSON_StringIsConst)) {
        free(node->string);
        node->string = strdup(key);
    }
}

static bool share_a_key(const cJSON *a, const cJSON *b)
{
    const cJSON *child;

    cJSON_ArrayForEach(child, a) if (cJSON_GetObjectItemCaseSensitive(b, child->string)) return true;
    return false;
}

/* Gives an object what another one of its kind has and it has not. */
static void graft(cJSON *tree, uint64_t *seed)
{
    for (int tries = 0; tries < 30; tries++) {
        cJSON *from = random_node(random_tree(seed), seed), *to = random_node(tree, seed), *child;

        if (!cJSON_IsObject(from) || !cJSON_IsObject(to) || !share_a_key(from, to))
            continue;
        child = cJSON_GetArrayItem(from, (int)below(seed, (size_t)cJSON_GetArraySize(from)));
        if (cJSON_GetObjectItemCaseSensitive(to, child->string))
            continue;
        cJSON_AddItemToObject(to, child->string, cJSON_Duplicate(child, true));
        return;
    }
}

static void mutate_tree(cJSON *tree, uint64_t *seed)
{
    cJSON *parent = random_node(tree, seed), *child;
    int size = cJSON_GetArraySize(parent), k;
    const char *key = random_key(seed);

    for (int tries = 0; tries < 20 && !size; tries++) {
        parent = random_node(tree, seed);
        size = cJSON_GetArraySize(parent);
    }
    if (!size)
        return;
    k = (int)below(seed, (size_t)size);
    child = cJSON_GetArrayItem(parent, k);
    switch (unit_random(seed) % 10) {
    case 0:
        cJSON_Delete(cJSON_DetachItemViaPointer(parent, child));
        break;
    case 1:
        rename_key(child, key);
        break;
    case 2:
    case 3: /* something more, under a key that belongs there or elsewhere */
        if (cJSON_IsObject(parent))
            cJSON_AddItemToObject(parent, key, random_value(seed));
        else
            cJSON_AddItemToArray(parent, random_value(seed));
        break;
    case 4: /* twice */
        if (cJSON_IsObject(parent))
            cJSON_AddItemToObject(parent, child->string, cJSON_Duplicate(child, true));
        else
            cJSON_AddItemToArray(parent, cJSON_Duplicate(child, true));
        break;
    case 5:
    case 6:
        graft(tree, seed);
        break;
    default: {
        cJSON *value = random_value(seed);

        free(value->string);
        value->string = child->string ? strdup(child->string) : NULL;
        cJSON_ReplaceItemViaPointer(parent, child, value);
        break;
    }
    }
}

/* --- Rounds --- */

/* The text of round number `round`. */
static void make_text(uint64_t round, struct text *t)
{
    uint64_t seed = round * 7919 + 1;
    unsigned times = 1 + (unsigned)below(&seed, 4);

    if (unit_random(&seed) % 3) {
        cJSON *tree = cJSON_Duplicate(random_tree(&seed), true);
        char *printed;

        while (times--)
            mutate_tree(tree, &seed);
        printed = unit_random(&seed) % 2 ? cJSON_PrintUnformatted(tree) : cJSON_Print(tree);
        cJSON_Delete(tree);
        if (printed && strlen(printed) < TEXT_MAX)
            strcpy(t->at, printed);
        free(printed);
        times = unit_random(&seed) % 8 == 0;
    } else {
        strcpy(t->at, corpus.text[below(&seed, unit_random(&seed) % 2 ? COUNT(shorts) : corpus.count)]);
    }
    t->n = strlen(t->at);
    while (times--)
        mutate_text(t, &seed);
}

static const char household[] = "time_s,voltage_v,active_w,reactive_var\n0,230,100,5\n60,229,2000,0\n120,228.5,0,-40\n";
static const char csv_seed[] = "t,p,u,\"x\"\n0,1000,230,1\n0.1,-500.5,229, 2\r\n\n0.2,1e3,231,\"3\"\n3,0,230,4\n";

/* The files that the corpus names. */
static void write_files(void)
{
    static const char *const recordings[] = {"recorded-drive.cff", "recorded-dip.wav"};

    scene_text("household-day.csv", household);
    for (size_t k = 0; k < COUNT(recordings); k++) {
        char path[300];
        uint8_t *bytes;
        size_t n;

        snprintf(path, sizeof path, "%s/%s", SCENE_EXAMPLES, recordings[k]);
        bytes = sim_file_read(path, &n);
        if (!bytes)
            abort();
        scene_write(recordings[k], bytes, n);
        free(bytes);
    }
}

/* Every other round has a broken load profile. */
static void make_csv(uint64_t round)
{
    static char csv[TEXT_MAX];
    struct text t = {csv, sizeof csv_seed - 1};
    uint64_t seed = round;

    strcpy(csv, csv_seed);
    for (uint64_t times = round % 2 ? 1 + below(&seed, 3) : 0; times; times--)
        mutate_text(&t, &seed);
    scene_write("short.csv", csv, t.n);
}

static void run_to(struct sim_scenario *s, int64_t end, uint64_t round)
{
    struct scene scene = {.scenario = s, .sim = sim_new(s, &host_speed_best()->loops)};
    cJSON *report;
    char *text;

    scene.modbus = host_modbus_new();
    sim_set_modbus(scene.sim, host_modbus_answer, scene.modbus);
    sim_run(scene.sim, end);
    UNIT_CHECK(scene.sim->now == end, "round %lu does not come to its end", (unsigned long)round);
    text = scene_report(&scene);
    report = cJSON_Parse(text);
    UNIT_CHECK(report != NULL, "round %lu: its report is not JSON:\n%s", (unsigned long)round, text);
    cJSON_Delete(report);
    free(text);
    scene_close(&scene);
}

static void one_round(uint64_t round, bool show, size_t *taken)
{
    static char buffer[TEXT_MAX];
    struct text t = {buffer, 0};
    struct js js = {0};
    struct sim_scenario *s;
    const char *file;

    make_text(round, &t);
    make_csv(round);
    scene_write("fuzz.json", t.at, t.n);
    if (show)
        fprintf(stderr, "%.*s\n", (int)t.n, t.at);
    file = scene_path("fuzz.json");
    s = sim_scenario_load(&js, file, NULL, 0);
    if (show)
        fprintf(stderr, "%s\n", s ? "taken" : js.error);
    if (!s) {
        UNIT_CHECK(strncmp(js.error, file, strlen(file)) == 0 && strncmp(js.error + strlen(file), ": ", 2) == 0 &&
                       js.error[strlen(file) + 2],
                   "round %lu: message \"%s\"", (unsigned long)round, js.error);
        return;
    }
    UNIT_CHECK(!js.error[0], "round %lu: taken with \"%s\"", (unsigned long)round, js.error);
    UNIT_CHECK(s->duration >= 0, "round %lu: lasts %lld", (unsigned long)round, (long long)s->duration);
    ++*taken;
    if (s->duration < EM_SAMPLE_RATE)
        run_to(s, s->duration, round);
    else if (round % 4 == 0)
        run_to(s, EM_SAMPLE_RATE / 20, round);
    else
        sim_scenario_free(s);
}

START_TEST(mutated_scenarios_are_refused_with_a_message_or_run)
{
    const char *single = getenv("VMETER_FUZZ"), *rounds = getenv("VMETER_FUZZ_ROUNDS");
    uint64_t each = (rounds ? strtoull(rounds, NULL, 10) : ROUNDS) / BATCHES;
    size_t taken = 0;

    write_files();
    if (single) {
        if (_i == 0)
            one_round(strtoull(single, NULL, 10), true, &taken);
        return;
    }
    for (uint64_t k = 0; k < each && clock() < (clock_t)CPU_SECONDS * CLOCKS_PER_SEC; k++)
        one_round((uint64_t)_i * each + k, false, &taken);
    ck_assert_msg(each < ROUNDS / BATCHES || taken > 5, "only %zu were taken: the mutations are too rude", taken);
}
END_TEST

START_TEST(the_seeds_themselves_are_taken)
{
    scene_text("short.csv", csv_seed);
    write_files();
    ck_assert_uint_gt(corpus.count, COUNT(shorts) + 10);
    for (size_t k = 0; k < corpus.count; k++) {
        struct js js = {0};
        struct sim_scenario *s;

        if (strstr(corpus.text[k], "json-schema.org"))
            continue;
        scene_text("seed.json", corpus.text[k]);
        s = sim_scenario_load(&js, scene_path("seed.json"), NULL, 0);
        ck_assert_msg(s != NULL, "%s\n%s", js.error, corpus.text[k]);
        if (s->duration < EM_SAMPLE_RATE)
            run_to(s, s->duration, k);
        else
            sim_scenario_free(s);
    }
}
END_TEST

Suite *unit_suite(void)
{
    Suite *suite = suite_create("fuzz_scenario");
    TCase *tcase = scene_case(suite, "scenarios");

    tcase_set_timeout(tcase, 240);
    tcase_add_unchecked_fixture(tcase, load_corpus, free_corpus);
    tcase_add_test(tcase, the_seeds_themselves_are_taken);
    tcase_add_loop_test(tcase, mutated_scenarios_are_refused_with_a_message_or_run, 0, BATCHES);
    return suite;
}
