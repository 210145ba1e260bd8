/* SPDX-License-Identifier: MIT
 * The meter's EEPROM in a file: read once, then kept in step with every write of the meter, so that the file is
 * always what a real memory would hold. */
#ifndef HOST_NVM_H
#define HOST_NVM_H

#include "../sim/memory.h"

struct host_nvm;

/* Opens or makes the file. A shorter file is an erased memory behind its end; of a longer one only the first EM_NV_SIZE
 * bytes count. NULL with a message in error. Free with host_nvm_close. */
struct host_nvm *host_nvm_open(const char *file, char *error, size_t size);

/* The memory, valid until host_nvm_close. */
struct sim_memory *host_nvm_memory(struct host_nvm *nvm);

/* Tells the user what a meter made of the file when it started; nvm may be NULL. */
void host_nvm_judge(const struct host_nvm *nvm, uint8_t error_code);

/* Closes the file. False, with a message on stderr, if it could not be written. */
bool host_nvm_close(struct host_nvm *nvm);

#endif
