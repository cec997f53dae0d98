using System.Globalization;
using System.Net;
using System.Text;

namespace Crust.Silo.Status;

/// <summary>The status page as HTML: one page without assets, light or dark as the reader's system is, renewed every three seconds.</summary>
internal static class StatusHtml
{
    private const string Style = """
        :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
        body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
        h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.5rem }
        dt { opacity: .7 } dd { margin: 0 }
        table { border-collapse: collapse; width: 100% }
        th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); vertical-align: top }
        .id { font-family: ui-monospace, monospace; font-size: .85rem; overflow-wrap: anywhere }
        .scroll { overflow-x: auto }
        """;

    internal static string Render(ClusterStatus status, string nonce)
    {
        var html = new StringBuilder();
        html.Append(CultureInfo.InvariantCulture, $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="refresh" content="3">
            <title>Crust: {(status.IsHealthy ? "healthy" : "unhealthy")}</title>
            <style nonce="{nonce}">{Style}</style>
            </head>
            <body>
            <main>
            <h1>Crust cluster: {(status.IsHealthy ? "healthy" : "unhealthy")}</h1>
            <dl>
            <dt>Network</dt><dd>{Text(status.Network)}</dd>
            <dt>Peers attached</dt><dd>{status.PeersAttached}</dd>
            <dt>Gateways</dt><dd>{status.Gateways.Count}</dd>
            <dt>Silos</dt><dd>{status.Silos}</dd>
            <dt>Profile</dt><dd>{status.Profile}</dd>
            <dt>Records stored</dt><dd>{status.RecordsStored?.ToString(CultureInfo.InvariantCulture) ?? "not counted"}</dd>
            <dt>Storage</dt><dd>{Text(status.Storage)}</dd>
            <dt>Grains</dt><dd>{Text(status.Grains)}</dd>
            <dt>This silo up for</dt><dd>{TimeSpan.FromSeconds(status.UptimeSeconds):c}</dd>
            <dt>Version</dt><dd>{Text(status.Version)}</dd>
            </dl>
            <h2>Gateways</h2>

            """);
        AppendGateways(html, status.Gateways);
        html.Append("</main>\n</body>\n</html>\n");
        return html.ToString();
    }

    private static void AppendGateways(StringBuilder html, IReadOnlyList<GatewayStatus> gateways)
    {
        if (gateways.Count == 0)
        {
            html.Append("<p>None has been heard of in the last 10 seconds.</p>\n");
            return;
        }

        html.Append("""
            <div class="scroll"><table>
            <thead><tr><th scope="col">Id</th><th scope="col">Addresses</th><th scope="col">Region</th><th scope="col">Peers</th><th scope="col">Last heard</th><th scope="col">State</th></tr></thead>
            <tbody>

            """);
        foreach (var gateway in gateways)
        {
            html.Append(CultureInfo.InvariantCulture, $"""
                <tr><td class="id">{Text(gateway.Id)}</td><td class="id">{string.Join("<br>", gateway.Addresses.Select(Text))}</td><td>{Text(gateway.Region)}</td><td>{gateway.Load}</td><td>{gateway.LastHeardSeconds:0.0} s ago</td><td>{(gateway.Draining ? "draining" : "open")}</td></tr>

                """);
        }

        html.Append("</tbody>\n</table></div>\n");
    }

    /// <summary>A gateway's words are its own: no markup of theirs reaches the page.</summary>
    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
