using System.Net;

namespace Crust.Nat.PortMapping.Igd;

/// <summary>A device description, UPnP Device Architecture 1.1 §2.3: what services the router has. Only those are taken that are on the router itself. Pure.</summary>
internal static class DeviceDescription
{
    /// <summary>Most services taken. Ours: a router with two uplinks has four.</summary>
    internal const int MaxServices = 8;

    /// <summary>Reads the services of one of these types, in the order of the types; false when the document is unreadable.</summary>
    /// <param name="document">What was fetched.</param>
    /// <param name="location">Where it was fetched: what relative URLs are relative to.</param>
    /// <param name="types">The types, the best first.</param>
    /// <param name="services">Those found; perhaps none.</param>
    internal static bool TryRead(byte[] document, IgdUrl location, IReadOnlyList<string> types, out IReadOnlyList<IgdService> services)
    {
        var found = new List<IgdService>();
        var router = location.Server.Address;
        var root = location;
        string type = "", control = "";
        var isRead = IgdXml.TryRead(
            document,
            (path, text) =>
            {
                if (path is [_, "URLBase"] && IgdUrl.TryParse(text, null, router, out var given))
                    root = given;
                else if (path is [.., "service", "serviceType"])
                    type = text;
                else if (path is [.., "service", "controlURL"])
                    control = text;
            },
            path =>
            {
                if (path[^1] != "service")
                    return;
                if (found.Count < MaxServices && types.Contains(type) && IgdUrl.TryParse(control, root, router, out var url))
                    found.Add(new IgdService(type, url));
                (type, control) = ("", "");
            });
        services = [.. found.OrderBy(s => types.IndexOf(s.Type))];
        return isRead;
    }

    private static int IndexOf(this IReadOnlyList<string> types, string type)
    {
        for (var i = 0; i < types.Count; i++)
        {
            if (types[i] == type)
                return i;
        }

        return types.Count;
    }
}
