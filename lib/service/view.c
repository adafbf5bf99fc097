/* What can be told of schedules without the store. */
#include <string.h>

#include "service/service.h"

enum schedule_status
schedule_status(const struct schedule_view *view, int64_t now_us)
{
	if (schedule_is_suspended(&view->state, now_us))
		return STATUS_SUSPENDED;
	return view->finished ? STATUS_FINISHED : STATUS_IDLE;
}

int
schedule_set_fault(size_t i, int code, struct err *err)
{
	static const char *const heads[] = {"Invalid value: ", "Missing value: "};
	char text[sizeof err->text];

	for (size_t h = 0; h < sizeof heads / sizeof *heads; h++) {
		size_t len = strlen(heads[h]);

		if (strncmp(err->text, heads[h], len) != 0)
			continue;
		memcpy(text, err->text + len, sizeof text - len);
		return err_fail(err, code, "%sschedules[%zu].%s", heads[h], i, text);
	}
	return code;
}
