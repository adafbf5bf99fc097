/* The configuration: which file every command reads, and `config`, which prints and checks it.
 */
#include "ctl/ctl.h"

#include <string.h>

int
ctl_configure(struct ctl *ctl, struct err *err)
{
	const char *path = ctl->options.config ? ctl->options.config : CTL_CONFIG;
	int ret;

	if (ctl->configured)
		return 0;
	ret = config_load(path, &ctl->config, err);
	if (!ret)
		ctl->configured = true;
	return ret;
}

int
ctl_config(struct ctl *ctl, struct err *err)
{
	const struct ctl_options *o = &ctl->options;
	struct buf out = BUF_INIT;
	int ret = 0;

	if (o->sample + o->schema + o->test != 1) {
		ctl->exit = CTL_USAGE;
		return err_fail(err, ERR_INPUT, "config: one of --sample, --schema and --test");
	}
	if (o->sample)
		config_sample(&out);
	if (o->schema)
		config_schema(&out);
	if (o->test) {
		ret = ctl_configure(ctl, err);
		if (!ret)
			buf_addf(&out, "%s: no fault\n", ctl->config.path);
	}
	if (!ret)
		ctl_put(&out);
	buf_release(&out);
	return ret;
}
