/* Messages of scheduler and runner: what one end sent is read by the other, and can be sent again. */
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "proc/channel.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fds[2];
	static bool open;
	struct arena arena = ARENA_INIT;
	struct channel_message m = {0}, again = {0};
	struct err err = {""};
	int rc;

	if (!open) {
		HOLDS(!channel_pair(fds, &err));
		open = true;
	}
	/* An empty one would look like the end of the conversation. */
	if (size == 0 || size > CHANNEL_MESSAGE_MAX)
		return 0;
	HOLDS(send(fds[0], data, size, 0) == (ssize_t)size);
	rc = channel_receive(fds[1], &arena, &m, &err);
	if (rc) {
		HOLDS(rc == ERR_INPUT);
		holds_refusal(&err);
	} else {
		HOLDS(!channel_send(fds[0], &m, &err));
		HOLDS(!channel_receive(fds[1], &arena, &again, &err));
		HOLDS(again.type == m.type && again.task_id == m.task_id);
		HOLDS(again.attempt == m.attempt && again.generation == m.generation);
	}
	arena_release(&arena);
	return 0;
}
