/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of guest-fuzz; main.c says what it does. */
#ifndef AIMLOCK_GUEST_H
#define AIMLOCK_GUEST_H

#include <linux/aimlock.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define TOP		"/tmp/aimlock-fuzz"

enum kind { U32, U64, STRING, FLAG, NEST, PAD };

struct attribute {
	const char *name;
	uint16_t type;
	enum kind kind;
	bool has_limit;
	uint32_t limit;			/* of the value, or of the length of a string */
};

struct operation {
	const char *name;
	uint8_t cmd;
	bool can_do, can_dump;
	const struct attribute *set;
	uint16_t n;			/* attributes in the set */
	uint64_t asked;			/* bit N: a request may have attribute N */
};

const struct operation *protocol_find(uint8_t cmd);
const struct operation *protocol_any(void);

/* --- chance: the same for the same seed --- */
extern uint64_t chance_state;
uint32_t chance(uint32_t below);
bool one_in(uint32_t n);

/* --- world: files, and a helper process that really locks them --- */
#define N_OBJECTS	6

enum slot {
	FLOCK_A, FLOCK_B, OFD_A, OFD_B, POSIX_A, POSIX_B,
	ORPHAN,			/* its taker is gone, it lies in a socket of the helper */
	PINNED,			/* the same, but it was the helper itself */
	N_SLOTS,
};

struct lock {
	bool on;
	bool write;
	pid_t taker;
};

struct object {
	bool exists;
	dev_t dev;
	ino_t ino;
	struct lock locks[N_SLOTS];
};

extern struct object objects[N_OBJECTS];
extern pid_t helper_pid;

void world_make(void);
void world_end(void);
/* Something happens to the files or their locks; what, in words. */
const char *world_step(void);
struct object *world_object(const char *path);	/* NULL: none of ours */
const char *world_path(void);			/* one to register, or not */
enum aimlock_lock_kind slot_kind(enum slot slot);
void slot_range(enum slot slot, uint64_t *start, uint64_t *end);
enum aimlock_verdict slot_verdict(enum slot slot);

/* --- model: what the module should be like now --- */
#define N_REGS		40

struct reg {
	bool used;
	char name[AIMLOCK_NAME_MAX + 1];
	char *path;
	uint32_t grace;
	uint32_t scope;
	uint64_t generation;
	bool hold;
	dev_t hold_dev;
	ino_t hold_ino;
};

extern struct reg regs[N_REGS];

struct reg *reg_find(const char *name);
struct reg *reg_any(void);
int reg_count(void);
bool path_is_there(const char *path, dev_t *dev, ino_t *ino);
int holds_on(dev_t dev, ino_t ino);
unsigned int locks_on(const struct object *object);

/* The outcome depends on the time that passes: not an input for us. */
#define TIMING	(-100000)

int model_add(const char *name, const char *path, bool has_grace, uint32_t grace,
	      uint32_t scope);
int model_remove(const char *name);
int model_hold(struct reg *reg);
int model_release(struct reg *reg);

struct clearing {
	uint32_t scope;
	uint64_t id;
	uint64_t generation;
	bool force, dry_run, release;
	unsigned int cleared, remaining;
};

int model_clear(struct reg *reg, struct clearing *clearing);
/* Ids that a dump told, of the locks of one file. */
void model_forget_ids(void);
void model_learn_id(struct reg *reg, uint64_t id, const struct object *object, int slot);
uint64_t model_any_id(struct reg **reg);

/* What comes back for one message. */
enum answer { NO_ANSWER, A_FILE, A_CLEARED, ALL_FILES, ALL_LOCKS };

struct outcome {
	int error;
	bool told;			/* an error or acknowledgement comes */
	bool sentence;			/* with a sentence */
	enum answer answer;
	struct reg *reg;
	struct clearing clearing;
};

/* What @buf would do, one message; changes the model if @commit. */
struct outcome model_message(const uint8_t *buf, size_t len, bool privileged, int family,
			     bool commit);
int model_write(const char *where, const char *text, size_t len, bool privileged,
		bool commit);

/* --- input: messages from the specification, and what may be wrong with them --- */
size_t input_datagram(uint8_t *buf, size_t room, int family);
const char *input_name(void);
size_t input_text(const char *where, char *buf, size_t room);

#endif /* AIMLOCK_GUEST_H */
