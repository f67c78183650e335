/* SPDX-License-Identifier: BSD-3-Clause */
/* html.h - the parts of the page that are the same in every report, from the files of html/. */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

extern const char html_page_html[], html_report_css[], html_report_js[];

#endif
