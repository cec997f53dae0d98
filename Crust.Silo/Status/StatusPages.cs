using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Crust.Silo.Status;

/// <summary><c>/</c>, <c>/status.json</c> and <c>/health</c>: read-only, no scripts, nothing from elsewhere.</summary>
internal static class StatusPages
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    internal static void Map(WebApplication application, IPAddress listening)
    {
        application.Use((context, next) =>
        {
            var headers = context.Response.Headers;
            headers.XContentTypeOptions = "nosniff";
            headers.CacheControl = "no-store";
            headers["Referrer-Policy"] = "no-referrer";
            headers["Cross-Origin-Resource-Policy"] = "same-origin";
            headers.ContentSecurityPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
            // A page elsewhere may have its own name resolve to 127.0.0.1 and read what is served here; its Host header gives it away.
            if (IPAddress.IsLoopback(listening) && !IsLoopbackName(context.Request.Host.Host))
            {
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
                return Task.CompletedTask;
            }

            return next(context);
        });
        application.MapGet("/", WritePageAsync);
        application.MapGet("/status.json", WriteJsonAsync);
        application.MapGet("/health", WriteHealthAsync);
    }

    private static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static async Task WritePageAsync(HttpContext context)
    {
        var status = await context.RequestServices.GetRequiredService<StatusSource>().GetAsync(context.RequestAborted);
        var nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        context.Response.Headers.ContentSecurityPolicy =
            $"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        context.Response.ContentType = "text/html; charset=utf-8";
        await context.Response.WriteAsync(StatusHtml.Render(status, nonce), context.RequestAborted);
    }

    private static async Task WriteJsonAsync(HttpContext context)
    {
        var status = await context.RequestServices.GetRequiredService<StatusSource>().GetAsync(context.RequestAborted);
        context.Response.ContentType = "application/json; charset=utf-8";
        await context.Response.WriteAsync(JsonSerializer.Serialize(status, Json), context.RequestAborted);
    }

    private static async Task WriteHealthAsync(HttpContext context)
    {
        var status = await context.RequestServices.GetRequiredService<StatusSource>().GetAsync(context.RequestAborted);
        context.Response.StatusCode = status.IsHealthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync(status.IsHealthy ? "healthy\n" : $"storage: {status.Storage}\ngrains: {status.Grains}\n", context.RequestAborted);
    }
}
