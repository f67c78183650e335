/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/rmi_name.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rmm/rmi.h>

#define NUM_NAMES(...)	 (sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *))
#define ARGS(...)	 .num_args = NUM_NAMES(__VA_ARGS__), .args = {__VA_ARGS__}
#define OUTS(...)	 .num_outs = NUM_NAMES(__VA_ARGS__), .outs = {__VA_ARGS__}
#define COMMAND(id, ...) [RMI_##id - RMI_FID_FIRST] = {.fid = RMI_##id, .name = #id, __VA_ARGS__}
#define NUM_FIDS	 (RMI_FID_LAST - RMI_FID_FIRST + 1)

const struct rmi_command rmi_commands[RMI_COMMAND_SLOTS] = {
	COMMAND(VERSION, ARGS("req"), OUTS("lower", "higher")),
	COMMAND(GRANULE_DELEGATE, ARGS("addr")),
	COMMAND(GRANULE_UNDELEGATE, ARGS("addr")),
	COMMAND(DATA_CREATE, ARGS("rd", "data", "ipa", "src", "flags")),
	COMMAND(DATA_CREATE_UNKNOWN, ARGS("rd", "data", "ipa")),
	COMMAND(DATA_DESTROY, ARGS("rd", "ipa"), OUTS("data", "top")),
	COMMAND(REALM_ACTIVATE, ARGS("rd")),
	COMMAND(REALM_CREATE, ARGS("rd", "params_ptr")),
	COMMAND(REALM_DESTROY, ARGS("rd")),
	COMMAND(REC_CREATE, ARGS("rd", "rec", "params_ptr")),
	COMMAND(REC_DESTROY, ARGS("rec")),
	COMMAND(REC_ENTER, ARGS("rec", "run_ptr")),
	COMMAND(RTT_CREATE, ARGS("rd", "rtt", "ipa", "level")),
	COMMAND(RTT_DESTROY, ARGS("rd", "ipa", "level"), OUTS("rtt", "top")),
	COMMAND(RTT_MAP_UNPROTECTED, ARGS("rd", "ipa", "level", "desc")),
	COMMAND(RTT_READ_ENTRY, ARGS("rd", "ipa", "level"),
		OUTS("walk_level", "state", "desc", "ripas")),
	COMMAND(RTT_UNMAP_UNPROTECTED, ARGS("rd", "ipa", "level"), OUTS("top")),
	COMMAND(PSCI_COMPLETE, ARGS("calling_rec", "target_rec", "status")),
	COMMAND(FEATURES, ARGS("index"), OUTS("value")),
	COMMAND(RTT_FOLD, ARGS("rd", "ipa", "level"), OUTS("rtt")),
	COMMAND(REC_AUX_COUNT, ARGS("rd"), OUTS("aux_count")),
	COMMAND(RTT_INIT_RIPAS, ARGS("rd", "base", "top"), OUTS("out_top")),
	COMMAND(RTT_SET_RIPAS, ARGS("rd", "rec", "base", "top"), OUTS("out_top")),
};

_Static_assert(NUM_FIDS <= RMI_COMMAND_SLOTS, "each command has a slot of its own");
_Static_assert(RMI_FID_FIRST == RMI_COMMAND_FIRST, "they begin with the same one");

const struct rmi_command *rmi_command_by_name(const char *name)
{
	if (!strncmp(name, "RMI_", 4))
		name += 4;
	for (size_t i = 0; i < NUM_FIDS; i++) {
		if (rmi_commands[i].name && !strcmp(rmi_commands[i].name, name))
			return &rmi_commands[i];
	}
	return NULL;
}

const struct rmi_command *rmi_command_at(size_t index)
{
	for (size_t i = 0; i < NUM_FIDS; i++) {
		if (rmi_commands[i].name && !index--)
			return &rmi_commands[i];
	}
	return NULL;
}

const char *rmi_result_text(uint64_t code, char text[RMI_RESULT_TEXT_SIZE])
{
	static const char *const statuses[] = {
		[RMI_SUCCESS] = "SUCCESS", [RMI_ERROR_INPUT] = "INPUT", [RMI_ERROR_REALM] = "REALM",
		[RMI_ERROR_REC] = "REC",   [RMI_ERROR_RTT] = "RTT",
	};
	unsigned int status = RMI_RETURN_STATUS(code), index = RMI_RETURN_INDEX(code);

	if (code == SMCCC_NOT_SUPPORTED)
		snprintf(text, RMI_RESULT_TEXT_SIZE, "NOT_SUPPORTED");
	else if (code >> 16 || status >= sizeof(statuses) / sizeof(statuses[0]))
		snprintf(text, RMI_RESULT_TEXT_SIZE, "0x%" PRIx64, code);
	else if (status == RMI_ERROR_RTT || status == RMI_ERROR_REALM || index)
		snprintf(text, RMI_RESULT_TEXT_SIZE, "%s/%d", statuses[status], (int8_t)index);
	else
		snprintf(text, RMI_RESULT_TEXT_SIZE, "%s", statuses[status]);
	return text;
}
