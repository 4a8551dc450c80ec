#include "CPage.h"

#include <stddef.h>

// Clang has #embed in C17 as well, as an extension.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char index_html[] = {
#embed "web/index.html"
};
static const unsigned char app_css[] = {
#embed "web/app.css"
};
static const unsigned char swarm_css[] = {
#embed "web/swarm.css"
};
static const unsigned char icon_svg[] = {
#embed "web/icon.svg"
};
static const unsigned char world_txt[] = {
#embed "web/world.txt"
};
static const unsigned char alerts_js[] = {
#embed "web/alerts.js"
};
static const unsigned char api_js[] = {
#embed "web/api.js"
};
static const unsigned char chart_js[] = {
#embed "web/chart.js"
};
static const unsigned char dom_js[] = {
#embed "web/dom.js"
};
static const unsigned char exporters_js[] = {
#embed "web/exporters.js"
};
static const unsigned char filterbox_js[] = {
#embed "web/filterbox.js"
};
static const unsigned char flows_js[] = {
#embed "web/flows.js"
};
static const unsigned char format_js[] = {
#embed "web/format.js"
};
static const unsigned char header_js[] = {
#embed "web/header.js"
};
static const unsigned char help_js[] = {
#embed "web/help.js"
};
static const unsigned char intel_js[] = {
#embed "web/intel.js"
};
static const unsigned char live_js[] = {
#embed "web/live.js"
};
static const unsigned char main_js[] = {
#embed "web/main.js"
};
static const unsigned char map_js[] = {
#embed "web/map.js"
};
static const unsigned char overlay_js[] = {
#embed "web/overlay.js"
};
static const unsigned char overview_js[] = {
#embed "web/overview.js"
};
static const unsigned char panel_js[] = {
#embed "web/panel.js"
};
static const unsigned char picture_js[] = {
#embed "web/picture.js"
};
static const unsigned char sankey_js[] = {
#embed "web/sankey.js"
};
static const unsigned char session_js[] = {
#embed "web/session.js"
};
static const unsigned char state_js[] = {
#embed "web/state.js"
};
static const unsigned char swarm_js[] = {
#embed "web/swarm.js"
};
static const unsigned char swarmcommand_js[] = {
#embed "web/swarmcommand.js"
};
static const unsigned char swarmfilm_js[] = {
#embed "web/swarmfilm.js"
};
static const unsigned char swarmgl_js[] = {
#embed "web/swarmgl.js"
};
static const unsigned char swarmkeys_js[] = {
#embed "web/swarmkeys.js"
};
static const unsigned char swarmlegend_js[] = {
#embed "web/swarmlegend.js"
};
static const unsigned char swarmlive_js[] = {
#embed "web/swarmlive.js"
};
static const unsigned char swarmlook_js[] = {
#embed "web/swarmlook.js"
};
static const unsigned char swarmmath_js[] = {
#embed "web/swarmmath.js"
};
static const unsigned char swarmnames_js[] = {
#embed "web/swarmnames.js"
};
static const unsigned char swarmpointer_js[] = {
#embed "web/swarmpointer.js"
};
static const unsigned char swarmprobe_js[] = {
#embed "web/swarmprobe.js"
};
static const unsigned char swarmstep_js[] = {
#embed "web/swarmstep.js"
};
static const unsigned char swarmthings_js[] = {
#embed "web/swarmthings.js"
};
static const unsigned char swarmtimeline_js[] = {
#embed "web/swarmtimeline.js"
};
static const unsigned char swarmwire_js[] = {
#embed "web/swarmwire.js"
};
static const unsigned char table_js[] = {
#embed "web/table.js"
};
static const unsigned char traffic_js[] = {
#embed "web/traffic.js"
};
static const unsigned char words_js[] = {
#embed "web/words.js"
};

#define FILE_OF(name, bytes) {name, bytes, sizeof(bytes)}

static const struct page_file files[] = {
    FILE_OF("index.html", index_html),
    FILE_OF("app.css", app_css),
    FILE_OF("swarm.css", swarm_css),
    FILE_OF("icon.svg", icon_svg),
    FILE_OF("world.txt", world_txt),
    FILE_OF("alerts.js", alerts_js),
    FILE_OF("api.js", api_js),
    FILE_OF("chart.js", chart_js),
    FILE_OF("dom.js", dom_js),
    FILE_OF("exporters.js", exporters_js),
    FILE_OF("filterbox.js", filterbox_js),
    FILE_OF("flows.js", flows_js),
    FILE_OF("format.js", format_js),
    FILE_OF("header.js", header_js),
    FILE_OF("help.js", help_js),
    FILE_OF("intel.js", intel_js),
    FILE_OF("live.js", live_js),
    FILE_OF("main.js", main_js),
    FILE_OF("map.js", map_js),
    FILE_OF("overlay.js", overlay_js),
    FILE_OF("overview.js", overview_js),
    FILE_OF("panel.js", panel_js),
    FILE_OF("picture.js", picture_js),
    FILE_OF("sankey.js", sankey_js),
    FILE_OF("session.js", session_js),
    FILE_OF("state.js", state_js),
    FILE_OF("swarm.js", swarm_js),
    FILE_OF("swarmcommand.js", swarmcommand_js),
    FILE_OF("swarmfilm.js", swarmfilm_js),
    FILE_OF("swarmgl.js", swarmgl_js),
    FILE_OF("swarmkeys.js", swarmkeys_js),
    FILE_OF("swarmlegend.js", swarmlegend_js),
    FILE_OF("swarmlive.js", swarmlive_js),
    FILE_OF("swarmlook.js", swarmlook_js),
    FILE_OF("swarmmath.js", swarmmath_js),
    FILE_OF("swarmnames.js", swarmnames_js),
    FILE_OF("swarmpointer.js", swarmpointer_js),
    FILE_OF("swarmprobe.js", swarmprobe_js),
    FILE_OF("swarmstep.js", swarmstep_js),
    FILE_OF("swarmthings.js", swarmthings_js),
    FILE_OF("swarmtimeline.js", swarmtimeline_js),
    FILE_OF("swarmwire.js", swarmwire_js),
    FILE_OF("table.js", table_js),
    FILE_OF("traffic.js", traffic_js),
    FILE_OF("words.js", words_js),
};

struct page_file page_file_at(unsigned long index) {
    if (index < sizeof(files) / sizeof(files[0])) return files[index];
    return (struct page_file){NULL, NULL, 0};
}
