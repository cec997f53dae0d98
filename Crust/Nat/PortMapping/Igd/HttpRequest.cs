using System.Net;
using System.Text;

namespace Crust.Nat.PortMapping.Igd;

/// <summary>A request for whoever does the HTTP: one connection, these bytes, one response, closed.</summary>
/// <param name="Id">Its number: a response to an older one does not count.</param>
/// <param name="Server">The router.</param>
/// <param name="Bytes">Head and body.</param>
internal sealed record HttpRequest(int Id, IPEndPoint Server, byte[] Bytes)
{
    internal static HttpRequest Get(int id, IgdUrl url) =>
        new(id, url.Server, Encoding.ASCII.GetBytes($"GET {url.Path} HTTP/1.1\r\nHost: {url.Server}\r\nConnection: close\r\nAccept-Encoding: identity\r\n\r\n"));

    internal static HttpRequest Post(int id, IgdUrl url, string serviceType, string action, string body) =>
        new(id, url.Server, Encoding.ASCII.GetBytes(
            $"POST {url.Path} HTTP/1.1\r\nHost: {url.Server}\r\nConnection: close\r\nContent-Type: text/xml; charset=\"utf-8\"\r\n"
            + $"SOAPAction: \"{serviceType}#{action}\"\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
}
