/* SPDX-License-Identifier: MIT
 * The meters' EEPROMs in a file, one image behind the other: read once, then kept in step with every write of a meter,
 * so that the file is always what real memories would hold. */
#ifndef HOST_NVM_H
#define HOST_NVM_H

#include "../sim/sim.h"

struct host_nvm;

/* Opens or makes the file for so many meters. What the file does not have is an erased memory; what it has more does
 * not count and stays. NULL with a message in error. Free with host_nvm_close. */
struct host_nvm *host_nvm_open(const char *file, unsigned meters, char *error, size_t size);

/* The memories for sim_new_on, valid until host_nvm_close; NULL for no nvm. */
struct sim_memory *const *host_nvm_memories(struct host_nvm *nvm);

/* Tells the user what the meters made of the file when they started; nvm may be NULL. */
void host_nvm_judge(const struct host_nvm *nvm, const struct sim *sim);

/* Closes the file. False, after telling the user, if something could not be written; true for NULL. */
bool host_nvm_close(struct host_nvm *nvm);

#endif
