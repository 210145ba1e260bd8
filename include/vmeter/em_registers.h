/* SPDX-License-Identifier: MIT
 * vmeter firmware core: the one register table, and reading and writing through it.
 *
 * Modbus, the scenario's names, reports, `vmeter map` and `vmeter read` all use these rows. */
#ifndef EM_REGISTERS_H
#define EM_REGISTERS_H

#include "em_energy.h"

struct em_meter;

enum em_type {
    EM_TYPE_ZERO, /* reserved or not in use: reads 0 */
    EM_TYPE_INT16,
    EM_TYPE_BCD16,
    EM_TYPE_BCD32,
    EM_TYPE_HEX16,
    EM_TYPE_HEX32,
    EM_TYPE_FLOAT32, /* high word first; with data type 2 a signed integer in thousandths */
    EM_TYPE_ASCII,   /* one character in the low byte */
    EM_TYPE_CT,      /* BCD primary, BCD secondary */
    EM_TYPE_COUNT
};

enum em_unit {
    EM_UNIT_NONE,
    EM_UNIT_V,
    EM_UNIT_A,
    EM_UNIT_HZ,
    EM_UNIT_KW,
    EM_UNIT_KVAR,
    EM_UNIT_KVA,
    EM_UNIT_KWH,
    EM_UNIT_KVARH,
    EM_UNIT_S,
    EM_UNIT_MS,
    EM_UNIT_IMP_PER_KWH,
    EM_UNIT_COUNT
};

enum em_access { EM_READ, EM_WRITE_06, EM_WRITE_10 }; /* how a master writes it: not, function 06, function 10 */

/* Where a register's value comes from; `argument` of the row says which one. */
enum em_source {
    EM_FROM_NOTHING,
    EM_FROM_CONSTANT, /* enum em_constant */
    EM_FROM_SETTING,  /* enum em_setting */
    EM_FROM_STATE,    /* enum em_state */
    EM_FROM_QUANTITY, /* EM_QUANTITY() */
    EM_FROM_ENERGY,   /* em_energy_id */
};

enum em_constant {
    EM_CONSTANT_METER_CODE,
    EM_CONSTANT_PROTOCOL_VERSION, /* hundredths */
    EM_CONSTANT_SOFTWARE_VERSION, /* hundredths; the whole part is the M-Bus version byte */
    EM_CONSTANT_HARDWARE_VERSION, /* hundredths */
    EM_CONSTANT_METER_AMPS,
    EM_CONSTANT_CHECKSUM,   /* CRC of the measuring part of the core, made when building */
    EM_CONSTANT_CHECKSUM_2, /* CRC of the rest of the core */
    EM_CONSTANT_COUNT
};

enum em_state { EM_STATE_ERROR_CODE, EM_STATE_STATUS_WORD, EM_STATE_CT_PRIMARY };

/* Bits of active_status_word. Source: our decision. */
#define EM_STATUS_L1_PRESENT   0x00000001u /* the phase has at least EM_PHASE_PRESENT_V */
#define EM_STATUS_L2_PRESENT   0x00000002u
#define EM_STATUS_L3_PRESENT   0x00000004u
#define EM_STATUS_ALL_PRESENT  0x00000007u
#define EM_STATUS_SEQUENCE     0x00000008u /* all are present and turn L1-L3-L2 */
#define EM_STATUS_TARIFF_INPUT 0x00000010u
#define EM_STATUS_S0_1_BEHIND  0x00000020u /* pulses of output 1 wait for their turn */
#define EM_STATUS_S0_2_BEHIND  0x00000040u
#define EM_STATUS_BLUETOOTH    0x00000080u /* is switched on */
#define EM_STATUS_REPAIRED     0x00000100u /* a damaged copy in memory was mended at the last start */
#define EM_PHASE_PRESENT_V     46          /* 20 % of Un */

enum em_quantity {
    EM_QUANTITY_U,
    EM_QUANTITY_ULL,
    EM_QUANTITY_I,
    EM_QUANTITY_P,
    EM_QUANTITY_Q,
    EM_QUANTITY_S,
    EM_QUANTITY_PF,
    EM_QUANTITY_F,
    EM_QUANTITY_DIRECTION,
    EM_QUANTITY_QUADRANT,
};
#define EM_QUANTITY(quantity, index) ((quantity) << 4 | (index))
#define EM_QUANTITY_KIND(argument)   ((enum em_quantity)((argument) >> 4))
#define EM_QUANTITY_INDEX(argument)  ((argument)&15)

struct em_register {
    uint16_t address;
    uint8_t words;
    uint8_t type;   /* enum em_type */
    uint8_t unit;   /* enum em_unit */
    uint8_t access; /* enum em_access */
    uint8_t source; /* enum em_source */
    uint16_t argument;
    const char *name; /* NULL for reserved rows */
};

/* Rows in ascending order of address. */
extern const struct em_register em_registers[];
extern const size_t em_register_count;

/* Blocks of addresses; a read stays inside one. */
struct em_register_block {
    uint16_t first, last;
};
#define EM_REGISTER_BLOCK_COUNT 5
extern const struct em_register_block em_register_blocks[EM_REGISTER_BLOCK_COUNT];

/* Results of a read or write: 0 or the Modbus exception code to answer. */
enum em_exception {
    EM_EXCEPTION_NONE = 0,
    EM_EXCEPTION_ILLEGAL_FUNCTION = 1,
    EM_EXCEPTION_ILLEGAL_ADDRESS = 2,
    EM_EXCEPTION_ILLEGAL_VALUE = 3,
};

#define EM_READ_MAX  125 /* registers in one read */
#define EM_WRITE_MAX 123 /* registers in one write */

/* The row that covers this address, or NULL. */
const struct em_register *em_register_by_address(uint16_t address);

/* A register's value as an integer: numeric value = result / em_register_divisor(). For EM_TYPE_CT EM_CT_RATIO();
 * for EM_TYPE_ASCII the character; BCD and hexadecimal types plainly. */
int64_t em_register_value(struct em_meter *m, const struct em_register *row);

/* The values behind constants and quantities: EM_QUANTITY(), in the unit of struct em_quantities. */
uint32_t em_constant_value(enum em_constant constant);
int64_t em_quantity_value(struct em_meter *m, uint16_t argument);

/* What em_register_value() is to be divided by to give the row's unit: 1 for all but float32 rows. */
uint64_t em_register_divisor(const struct em_register *row);

/* Encodes the register's present value into row->words words. */
void em_register_encode(struct em_meter *m, const struct em_register *row, uint16_t *words);

/* Decodes words that a meter sent (with that data type) into value / divisor as em_register_value() counts it.
 * float32 rows: *value gets the raw 32 bits and must be read as a float or, with EM_DATA_INTEGER, as thousandths.
 * Returns EM_ERR_RANGE for digits that are no BCD. */
enum em_err em_register_decode(const struct em_register *row, const uint16_t *words, int64_t *value);

/* Reads count registers from address into out. All of them come from one moment.
 * EM_EXCEPTION_ILLEGAL_VALUE for a count outside 1..125, ILLEGAL_ADDRESS for a span not inside one block.
 * Source: manual A2.2. */
enum em_exception em_registers_read(struct em_meter *m, uint16_t address, uint16_t count, uint16_t *out);

/* Writes count registers; function is 0x06 or 0x10. The write is checked whole before any of it takes effect.
 * ILLEGAL_ADDRESS for what can not be written (or not with this function), ILLEGAL_VALUE for values not allowed or
 * half a value. Source: manual A2.3. */
enum em_exception em_registers_write(struct em_meter *m, uint8_t function, uint16_t address, uint16_t count,
                                     const uint16_t *values);

#endif
